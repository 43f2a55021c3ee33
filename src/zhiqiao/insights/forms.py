"""What is asked before records leave the system."""

from django import forms


class ExportForm(forms.Form):
    """An export says what it is for; the words stay in the audit record."""

    reason = forms.CharField(
        label="导出用途",
        max_length=200,
        help_text="写一句话，例如“报送 2026 年三季度科技服务情况”。这句话会留在审计记录里。",
        error_messages={"required": "请写明导出用途。"},
    )
