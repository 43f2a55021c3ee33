"""The shared libraries: experts with their evidence, enterprises, research outputs."""

from zhiqiao.directory.models.capacity import CapacityTerm, Leave
from zhiqiao.directory.models.conflict import ConflictDecision, ConflictTerm, Relation
from zhiqiao.directory.models.enterprise import Enterprise, validate_credit_code
from zhiqiao.directory.models.expert import Evidence, Expert, ExpertDiscipline
from zhiqiao.directory.models.identity import Distinction, Merge, MergedRow
from zhiqiao.directory.models.output import ResearchOutput
from zhiqiao.directory.models.ranking import RankingWeights

__all__ = [
    "CapacityTerm",
    "ConflictDecision",
    "ConflictTerm",
    "Distinction",
    "Enterprise",
    "Evidence",
    "Expert",
    "ExpertDiscipline",
    "Leave",
    "Merge",
    "MergedRow",
    "RankingWeights",
    "Relation",
    "ResearchOutput",
    "validate_credit_code",
]
