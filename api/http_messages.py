"""What the service says over HTTP, one text per key, Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TEXTS: dict[str, tuple[str, str]] = {
    # Settings
    "settings.toml": ("không phải TOML: {why}", "is no TOML: {why}"),
    "settings.unknown": (
        "không có thiết lập này; có: {known}",
        "is no setting; there are: {known}",
    ),
    "settings.kind.str": ("phải là chữ", "must be a text"),
    "settings.kind.int": ("phải là số nguyên", "must be a whole number"),
    "settings.kind.float": ("phải là số", "must be a number"),
    "settings.kind.bool": ("phải là true hoặc false", "must be true or false"),
    "settings.choice": ("phải là một trong: {known}", "must be one of: {known}"),
    "settings.least": ("phải từ {least} trở lên", "must be at least {least}"),
    "settings.most": ("phải không quá {most}", "must be at most {most}"),
    "settings.positive": ("phải lớn hơn 0", "must be more than 0"),
    "settings.time": (
        "phải là thời điểm có múi giờ, như 2026-11-24T05:00:00+07:00",
        "must be a time with its zone, such as 2026-11-24T05:00:00+07:00",
    ),
    "settings.past": ("phải là thời điểm đã qua", "must lie in the past"),
    "settings.url": (
        "phải bắt đầu bằng http:// hoặc https://",
        "must begin with http:// or https://",
    ),
    "settings.tiles": (
        "phải là địa chỉ ô bản đồ có {{z}}, {{x}} và {{y}}",
        "must be an address of map tiles with {{z}}, {{x}} and {{y}}",
    ),
    # Screens
    "screens.missing": (
        "Màn hình chưa được dựng. Cài đặt gói để dựng (cần Node 20.19 trở lên, hoặc mạng):",
        "The screens are not built. Installing the package builds them (Node 20.19, or a network):",
    ),
    # Problems: the title of each type, and what to do
    "problem.invalid": ("Yêu cầu không hợp lệ", "The request is not valid"),
    "problem.invalid.detail": (
        "{count} điều cần sửa, liệt kê trong errors.",
        "{count} things to mend, listed in errors.",
    ),
    "problem.malformed": ("Không đọc được yêu cầu", "The request cannot be read"),
    "problem.not_found": ("Không tìm thấy", "Not found"),
    "problem.not_found.detail": (
        "Không có gì ở địa chỉ này; xem /openapi.json.",
        "There is nothing at this address; see /openapi.json.",
    ),
    "problem.method": ("Phương thức không dùng được ở đây", "The method is not used here"),
    "problem.method.detail": ("Dùng: {allowed}.", "Use: {allowed}."),
    "problem.too_large": ("Yêu cầu quá lớn", "The request is too large"),
    "problem.too_large.detail": (
        "Nhiều nhất {most} byte; chia tệp ra hoặc tăng most_body_bytes.",
        "At most {most} bytes; split the file or raise most_body_bytes.",
    ),
    "problem.too_many": ("Quá nhiều yêu cầu", "Too many requests"),
    "problem.too_many.detail": (
        "Thử lại sau {seconds} giây.",
        "Try again in {seconds} seconds.",
    ),
    "problem.unauthenticated": ("Cần đăng nhập", "Sign in first"),
    "problem.unauthenticated.detail": (
        "Đăng nhập, hoặc gửi khóa API: Authorization: Bearer …",
        "Sign in, or send an API key: Authorization: Bearer …",
    ),
    "problem.forbidden": ("Không được phép", "Not allowed"),
    "problem.csrf": (
        "Thiếu X-CSRF-Token của phiên này",
        "The session's X-CSRF-Token is missing",
    ),
    "problem.csrf.detail": (
        "GET /api/session cho mã; gửi kèm mọi thay đổi.",
        "GET /api/session tells it; send it with every change.",
    ),
    "problem.sign_in": ("Không đăng nhập được", "Signing in failed"),
    "problem.sign_in.detail": (
        "Tên hoặc mật khẩu sai, hoặc đường dẫn đã dùng, hết hạn hay bị thu hồi.",
        "The name or password is wrong, or the link was used, is over, or was revoked.",
    ),
    "problem.link_elsewhere": (
        "Đường dẫn này đã mở trên máy khác",
        "This link is open on another phone",
    ),
    "problem.link_elsewhere.detail": (
        (
            "Máy khác đã dùng từ {since}. Nếu bạn đổi máy, báo điều phối viên cho máy này vào; "
            "nếu không, đường dẫn không phải của bạn."
        ),
        (
            "Another phone has used it since {since}. If you changed phones, ask the dispatcher "
            "to let this one in; if not, the link is not yours."
        ),
    ),
    "problem.link_over": (
        "Đường dẫn không còn dùng được",
        "The link is of no use any more",
    ),
    "problem.link_over.detail": (
        "Ngày của nó đã qua hoặc điều phối viên đã thu hồi; quét mã trên phiếu hôm nay.",
        "Its day is over or the dispatcher revoked it; scan the code on today's sheet.",
    ),
    "problem.weak_password": ("Mật khẩu quá yếu", "The password is too weak"),
    "problem.weak_password.detail": (
        "Ít nhất {least} ký tự và không chứa tên đăng nhập.",
        "At least {least} letters, and without the login in it.",
    ),
    "problem.last_admin": (
        "Phải còn một quản trị viên",
        "One administrator must be left",
    ),
    "problem.set_up": ("Đã có quản trị viên", "There is an administrator already"),
    "problem.if_match": (
        "Cần If-Match với phiên bản đã đọc",
        "If-Match with the version that was read is needed",
    ),
    "problem.if_match.detail": (
        "Đọc lại và gửi ETag nhận được làm If-Match.",
        "Read it and send the ETag as If-Match.",
    ),
    "problem.conflict": ("Có người đã đổi trước", "Somebody was faster"),
    "problem.key_reused": (
        "Idempotency-Key này đã dùng cho yêu cầu khác",
        "This Idempotency-Key was used for another request",
    ),
    "problem.key_reused.detail": (
        "Dùng khóa mới cho yêu cầu mới.",
        "Use a new key for a new request.",
    ),
    "problem.not_own": (
        "Không phải việc của bưu tá này",
        "This is not this courier's to tell",
    ),
    "problem.no_route": (
        "Hôm nay không có tuyến nào cho bưu tá này",
        "There is no route for this courier",
    ),
    "problem.no_courier": (
        "Tài khoản này không gắn với bưu tá nào",
        "This account is no courier's",
    ),
    "problem.media": ("Không đọc được loại tệp này", "This kind of content is not read"),
    "problem.media.detail": ("Gửi {wanted}.", "Send {wanted}."),
    "problem.busy": ("Máy chủ đang bận", "The service is busy"),
    "problem.busy.detail": (
        "{running} lượt tìm đang chạy, {waiting} đang chờ; thử lại sau vài giây.",
        "{running} searches are running, {waiting} are waiting; try again in a few seconds.",
    ),
    "problem.unavailable": ("Tạm thời không phục vụ được", "Not available at the moment"),
    "problem.refused": ("Không thực hiện được", "This cannot be done"),
    "problem.internal": ("Lỗi của Bưu Tá", "An error in Bưu Tá itself"),
    "problem.internal.detail": (
        "Đã ghi lại với mã {request}; hãy báo mã này.",
        "It was logged as {request}; please report this number.",
    ),
    # Single mistakes in a request, by pydantic's type
    "field.missing": ("thiếu", "is missing"),
    "field.extra_forbidden": ("không có trường này", "is not a field here"),
    "field.json_invalid": ("không phải JSON", "is no JSON"),
    "field.wrong": ("giá trị không hợp: {why}", "does not fit: {why}"),
    # Words to those who start the service
    "serve.listening": (
        "Bưu Tá phục vụ ở {address} (Ctrl-C để dừng)",
        "Bưu Tá serves at {address} (Ctrl-C stops it)",
    ),
    "serve.set_up": (
        "Chưa có quản trị viên. Mở {url}\nhoặc gửi mã này đến POST /api/setup: {token}",
        "No administrator yet. Open {url}\nor send this token to POST /api/setup: {token}",
    ),
    "serve.secret": (
        "không dùng được {file} ({why}); đặt secret_file ở nơi ghi được",
        "{file} cannot be used ({why}); set secret_file to a place that can be written",
    ),
    "serve.port_taken": (
        "không mở được {host}:{port} ({why}); chọn cổng khác với --port",
        "{host}:{port} cannot be opened ({why}); choose another --port",
    ),
    "serve.exposed": (
        "{host} mở ra mạng nhưng public_url không phải https: mật khẩu đi qua mạng không mã hóa",
        "{host} is open to the network but public_url is not https: passwords travel in the clear",
    ),
    # The VROOM door
    "vroom.too_many": (
        "Quá nhiều {what} ({count}), tối đa {most}",
        "Too many {what} ({count}), at most {most}",
    ),
    "vroom.places": ("địa điểm", "places"),
    "vroom.vehicles": ("xe", "vehicles"),
}

TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "vi": MappingProxyType({key: vi for key, (vi, _) in _TEXTS.items()}),
        "en": MappingProxyType({key: en for key, (_, en) in _TEXTS.items()}),
    }
)
"""The catalogues by language."""


def say(key: str, lang: str, **values: object) -> str:
    """Return one text with its placeholders filled."""
    return TEXTS[lang][key].format(**values)


def language_of(accepted: str, usual: str) -> str:
    """Return the language that an Accept-Language header likes best of ours."""
    best, weight = usual, 0.0
    for part in accepted.split(","):
        name, _, rest = part.strip().partition(";")
        code = name.strip().lower().partition("-")[0]
        _, _, number = rest.partition("q=")
        try:
            asked = float(number) if number else 1.0
        except ValueError:
            continue
        if code in TEXTS and asked > weight:
            best, weight = code, asked
    return best
