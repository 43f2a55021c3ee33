"""Forms of the libraries."""

from zhiqiao.directory.forms.library import (
    CONTACTS,
    LEAST_DISCIPLINES,
    PHONE,
    REASON_SHORTEST,
    AvailabilityForm,
    BaseEvidenceFormSet,
    EnterpriseForm,
    EvidenceForm,
    EvidenceFormSet,
    ExpertForm,
    OrganisationField,
    OutputForm,
    RevealForm,
    evidence_forms,
    indented,
    options,
)

__all__ = [
    "CONTACTS",
    "LEAST_DISCIPLINES",
    "PHONE",
    "REASON_SHORTEST",
    "AvailabilityForm",
    "BaseEvidenceFormSet",
    "EnterpriseForm",
    "EvidenceForm",
    "EvidenceFormSet",
    "ExpertForm",
    "OrganisationField",
    "OutputForm",
    "RevealForm",
    "evidence_forms",
    "indented",
    "options",
]
