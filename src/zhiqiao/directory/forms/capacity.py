"""The hard filters of a search for experts."""

from typing import Any

from django import forms

from zhiqiao.directory import queries
from zhiqiao.directory.capacity import LEVELS, Wanted
from zhiqiao.directory.codes import DISCIPLINES
from zhiqiao.directory.enums import ExpertKind
from zhiqiao.directory.forms import OrganisationField
from zhiqiao.orgs.models import Organisation
from zhiqiao.orgs.queries import organisations_for
from zhiqiao.orgs.scope import Who

ANY = "不限"


class WantedForm(forms.Form):
    """What an expert must be, whatever she knows. It lives in the address; what does not fit is no condition."""

    region = OrganisationField(
        label="所在地", queryset=Organisation.objects.none(), required=False, empty_label=ANY
    )
    discipline = forms.ChoiceField(
        label="学科",
        required=False,
        choices=[("", ANY), *((code, f"{code} {name}") for code, name in DISCIPLINES.items())],
    )
    kind = forms.ChoiceField(label="类别", required=False, choices=[("", ANY), *ExpertKind.choices])
    level = forms.ChoiceField(
        label="职称",
        required=False,
        choices=[("", ANY), *((code, label) for code, (label, _, _) in LEVELS.items())],
    )
    free = forms.BooleanField(label="只看现在可邀请的", required=False)

    def __init__(self, who: Who, data: Any = None) -> None:
        super().__init__(data, auto_id="wanted_%s")
        places = organisations_for(who).filter(kind__in=queries.UPPER).order_by("path")
        self.fields["region"].offer(places)  # type: ignore[attr-defined]

    def wanted(self) -> Wanted:
        """Return the conditions that were chosen and understood."""
        self.is_valid()
        chosen = {name: value for name, value in getattr(self, "cleaned_data", {}).items() if value}
        return Wanted(
            region=chosen.get("region"),
            disciplines=(chosen["discipline"],) if "discipline" in chosen else (),
            kinds=(chosen["kind"],) if "kind" in chosen else (),
            levels=(chosen["level"],) if "level" in chosen else (),
            is_available=bool(chosen.get("free")),
        )

    @property
    def is_used(self) -> bool:
        """Whether any condition was chosen."""
        return any(self.data.get(name) for name in self.fields)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The chosen conditions as they stand in the address, for the forms beside."""
        return [(name, self.data[name]) for name in self.fields if self.data.get(name)]
