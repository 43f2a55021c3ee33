"""The forms of a pledge of secrecy."""

from django import forms


class PledgeForm(forms.Form):
    """The signed paper, when it was signed, and whether the unit consents."""

    paper = forms.FileField(
        label="签好的保密承诺",
        help_text="PDF 或照片，不超过 20 MB。",
        error_messages={"required": "请上传签好的保密承诺。", "empty": "这个文件是空的，请换一个。"},
    )
    signed_at = forms.DateTimeField(
        label="签署时间", widget=forms.DateTimeInput(), error_messages={"required": "请填写签署时间。"}
    )
    approves = forms.BooleanField(label="同意这位专家查看需求详情", required=False)


class WithdrawPledgeForm(forms.Form):
    """Why the details are closed again."""

    note = forms.CharField(
        label="为什么收回", max_length=200, error_messages={"required": "请写一句为什么收回。"}
    )
