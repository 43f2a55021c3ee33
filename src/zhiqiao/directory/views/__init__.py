"""The screens of the libraries, one file for each."""
