"""What can be wrong with a submission, in words for a programmer and for the applicant."""

from collections.abc import Mapping
from typing import Any

from shared.contracts.submissions import Defect

TEXTS: Mapping[str, tuple[str, str]] = {
    "region-unknown": ("no policy is in force for this region", "该地区尚未开通办理。"),
    "channel-not-in-region": (
        "this channel takes no applications for the region",
        "本渠道暂不受理该地区的申请。",
    ),
    "application-type-not-offered": ("the region does not offer this type", "该地区暂不办理此类申请。"),
    "intake-closed": (
        "the region takes new applications again from {}",
        "目前不在受理期内，{} 起可以申请。",
    ),
    "applicant-class-unknown": (
        "the region does not know this class of applicant",
        "该地区无此参保人员类别。",
    ),
    "disease-not-in-catalogue": (
        "the disease is not in the region's catalogue",
        "所申请病种不在该地区病种目录内。",
    ),
    "name-blank": ("a name is needed", "请填写姓名。"),
    "id-type-unknown": ("this type of identity paper is not known", "不支持该证件类型。"),
    "id-number-form": ("the number has not the form of this paper", "证件号码格式不正确。"),
    "id-number-date": ("the number holds no valid date of birth", "证件号码中的出生日期不正确。"),
    "id-number-checksum": ("the check character does not fit", "证件号码校验位不正确，请核对是否输错。"),
    "birth-date-in-future": ("the date of birth lies in the future", "证件号码中的出生日期晚于今天。"),
    "phone-invalid": ("the phone is not a mainland mobile number", "手机号码不正确，请填写 11 位手机号码。"),
    "agent-is-applicant": ("the agent is the applicant", "代办人不能是申请人本人。"),
    "material-missing": ("needed: {}", "缺少材料：{}。"),
    "material-not-uploaded": ("nothing was uploaded under this hash", "该材料尚未上传成功，请重新上传。"),
    "material-differs": (
        "size or content type differ from the upload",
        "该材料与已上传的文件不一致，请重新上传。",
    ),
    "content-type-not-allowed": ("the region does not take this type of file", "该地区不接受此类文件。"),
    "file-too-large": ("a file may have {} MiB", "该文件超过 {} MB，请压缩后重新上传。"),
    "too-many-files": ("at most {} files are taken", "材料文件过多，最多 {} 个。"),
    "submission-too-large": ("all files together may have {} MiB", "材料文件总大小超过 {} MB。"),
    "truth-not-declared": ("the declaration of truth is missing", "请勾选“以上信息及材料真实有效”的承诺。"),
    "notice-not-read": ("the notice was not read", "请先阅读办理须知。"),
    "notice-outdated": ("the notice has a newer version: {}", "办理须知已更新，请重新阅读。"),
    "previous-unknown": (
        "no ended application of this person has that number",
        "未查到本人的原申请，请核对受理号。",
    ),
    "previous-open": ("the earlier application has not ended", "原申请尚未办结，不能重新申请。"),
    "nothing-supplied": ("no material and no physician's opinion was supplied", "未提交任何补充材料。"),
    "material-too-old": (
        "issued more than {} months ago",
        "该材料开具已超过 {} 个月，可能不被采纳，建议更换。",
    ),
    "issuer-level-low": (
        "an issuer of level {} or above is asked for",
        "该材料需由 {} 级及以上医疗机构出具。",
    ),
    "stamp-missing": ("the stamp of the institution is missing", "该材料未加盖医院公章。"),
    "signer-title-low": ("a physician of a higher title must sign", "医师职称不符合要求。"),
}


def defect(code: str, field: str, *values: Any) -> Defect:
    """Word one defect; `field` is the path in the submitted body, for example `applicant.phone`."""
    detail, detail_zh = TEXTS[code]
    return Defect(code=code, field=field, detail=detail.format(*values), detail_zh=detail_zh.format(*values))
