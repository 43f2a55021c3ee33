"""智桥 Zhiqiao: the working system of an association for science and technology."""

__version__ = "0.1.0"
