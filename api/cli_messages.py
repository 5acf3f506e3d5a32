"""What the command line says to the person before it, one text per key, Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TEXTS: dict[str, tuple[str, str]] = {
    # Steps of long work
    "step.read": ("Đọc các bảng", "Reading the tables"),
    "step.roads.read": ("Đọc tệp OpenStreetMap", "Reading the OpenStreetMap file"),
    "step.roads.simplify": ("Rút gọn đường", "Simplifying roads"),
    "step.roads.connect": ("Kiểm tra liên thông", "Checking connections"),
    "step.roads.order": ("Sắp thứ bậc nút giao", "Ordering crossings"),
    "step.roads.store": ("Ghi bản đồ đường", "Storing the road graph"),
    "roads.kept": (
        "{source}: {nodes} nút giao, {edges} đoạn đường, {km} km (từ {raw} điểm)",
        "{source}: {nodes} crossings, {edges} roads, {km} km (from {raw} points)",
    ),
    "roads.cut": ("Bị loại vì không nối với mạng chính", "Cut off from the main network"),
    "roads.periods": ("Khung giờ giao thông: {periods}", "Traffic periods: {periods}"),
    "roads.stored": ("Bản đồ đường ở {folder}", "The road graph is in {folder}"),
    "roads.way": ("{minutes} phút, {km} km", "{minutes} min, {km} km"),
    "db.upgraded": ("Kho dữ liệu {where} đã sẵn sàng", "The store {where} is ready"),
    "db.current": (
        "Kho dữ liệu {where} đã đúng phiên bản, không có gì phải làm",
        "The store {where} has this release's tables; there was nothing to do",
    ),
    "db.backed_up": (
        "Đã sao lưu vào {file} ({megabytes} MB)",
        "Backed up to {file} ({megabytes} MB)",
    ),
    "db.restored": ("Đã khôi phục {where} từ {file}", "Restored {where} from {file}"),
    "db.kept": ("Dữ liệu cũ được giữ ở {file}", "What was there before is kept in {file}"),
    "db.retained": (
        "Đã xóa tên và điện thoại của {orders} đơn, {events} sự kiện trước ngày {before}",
        "Names and phones of {orders} orders and {events} events before {before} are blanked",
    ),
    "work.waiting": (
        "Đang chờ lượt lập kế hoạch ở {where} (cùng lúc {workers}); Ctrl-C để dừng",
        "Waiting for runs in {where} ({workers} at a time); Ctrl-C ends",
    ),
    "day.no_tables": (
        "Hãy nêu ít nhất một bảng: --orders, --fleet, --offices, --trucks",
        "Name at least one table: --orders, --fleet, --offices, --trucks",
    ),
    "day.imported": (
        "{file}: thêm {added}, đổi {changed}, {findings} dòng cần xem lại",
        "{file}: {added} added, {changed} changed, {findings} findings",
    ),
    "day.better": ("Phương án tốt hơn: {cost} đ", "A better plan: {cost} đồng"),
    "day.planned": (
        (
            "Phiên bản {version}: {couriers} bưu tá, {cost} đ, để lại {left_out} đơn, "
            "{broken} quy định bị phá"
        ),
        (
            "Version {version}: {couriers} couriers, {cost} đồng, {left_out} orders left out, "
            "{broken} rules broken"
        ),
    ),
    "day.stands": (
        "Ngày {day}: {status}, bản đã công bố: {published}",
        "Day {day}: {status}, published version: {published}",
    ),
    "day.published": (
        "Đã công bố phiên bản {version} cho ngày {day}",
        "Version {version} is published for {day}",
    ),
    "day.action.leave": ("Giữ nguyên phương án", "The plan is left as it is"),
    "day.action.insert": ("Đã chèn đơn mới", "New orders were inserted"),
    "day.action.re_optimise": (
        "Đã lập lại phần còn lại của ngày",
        "The rest of the day was planned anew",
    ),
    "day.closed": (
        "Đã đóng ngày {day}: xong {finished} đơn, chuyển {carried} đơn sang {next}",
        "Day {day} is closed: {finished} orders finished, {carried} carried over to {next}",
    ),
    "column.profile": ("Loại xe", "Vehicle"),
    "column.roads": ("Đoạn đường", "Roads"),
    "column.parts": ("Mảng rời", "Parts"),
    "step.locate": ("Tìm địa chỉ", "Finding addresses"),
    "step.travel": ("Tính đường đi", "Measuring travel"),
    "step.problem": ("Lập bài toán", "Building the problem"),
    "step.search": ("Tìm tuyến", "Planning routes"),
    "step.explain": ("Giải thích đơn bị để lại", "Explaining what is left out"),
    "step.write": ("Ghi tệp", "Writing files"),
    "step.sample": ("Tạo ngày mẫu", "Making a sample day"),
    "search.state": (
        "{cost} · {unassigned} để lại · {vehicles} tuyến",
        "{cost} · {unassigned} left out · {vehicles} routes",
    ),
    "plan.server_failed": (
        "Máy chủ đường đã ngừng trả lời: từ đó tuyến vẽ bằng đường thẳng, không chỉ ngã rẽ.",
        "The road server stopped answering: from then on routes are straight and without turns.",
    ),
    # Tables
    "table.offices": ("Kế hoạch ngày {day}", "Plan for {day}"),
    "column.office": ("Bưu cục", "Office"),
    "column.jobs": ("Đơn", "Jobs"),
    "column.couriers": ("Bưu tá", "Couriers"),
    "column.km": ("Km", "Km"),
    "column.hours": ("Giờ công", "Hours"),
    "column.cost": ("Chi phí", "Cost"),
    "column.left_out": ("Để lại", "Left out"),
    "column.reasons": ("Lý do để lại", "Reasons"),
    "column.reason": ("Lý do", "Reason"),
    "column.remedy": ("Cách xử lý", "Remedy"),
    "column.count": ("Số đơn", "Orders"),
    "column.example": ("Ví dụ", "For example"),
    "table.left_out": ("Đơn bị để lại", "Orders left out"),
    "table.rejected": ("{count} dòng bị loại:", "{count} rows rejected:"),
    "finding.row": ("{file}, dòng {row}", "{file}, row {row}"),
    "finding.rows": (" ({count} lần, dòng {rows})", " ({count} times, rows {rows})"),
    "table.notes": ("Điều cần xem lại", "Please check"),
    "rejected.more": (
        "… và {count} dòng nữa, tất cả ở {file}",
        "… and {count} more, all in {file}",
    ),
    "notes.more": ("… và {count} điều nữa, tất cả ở {file}", "… and {count} more, all in {file}"),
    "files.title": ("Đã ghi vào {folder}", "Written to {folder}"),
    "files.folder": ("{name} ({count} tệp)", "{name} ({count} files)"),
    "table.trucks": ("Xe tải và bưu cục", "Trucks and offices"),
    "column.truck": ("Xe tải", "Truck"),
    "column.truck_arrival": ("Xe tải đến", "Truck arrives"),
    "column.sorted": ("Chia xong", "Sorted"),
    "column.first_departure": ("Bưu tá đầu tiên đi", "First departure"),
    "column.last_return": ("Bưu tá cuối cùng về", "Last return"),
    "column.evening": ("Xe tải lấy thư", "Truck collects"),
    "table.handed_over": ("Địa bàn giao bưu cục khác hôm nay", "Communes handed over today"),
    "column.commune": ("Xã, phường", "Commune"),
    "column.from_office": ("Của bưu cục", "From"),
    "column.to_office": ("Hôm nay do", "Today"),
    "closed.unknown": (
        "--closed-offices: không có bưu cục {unknown}; các mã trong {file}: {known}",
        "--closed-offices: there is no office {unknown}; {file} has {known}",
    ),
    "trucks.cost": (
        "Cả ngày {total}: xe tải {trucks}, bưu tá {couriers}, chờ thư {waiting}, để lại {carried}.",
        "The day {total}: trucks {trucks}, couriers {couriers}, waiting {waiting}, left {carried}.",
    ),
    "trucks.clean": (
        "Xe tải và bưu tá khớp nhau: mọi bưu gửi có mặt trước khi được mang đi.",
        "Trucks and couriers fit: every item is there before it is carried on.",
    ),
    "check.couriers": (
        "Bưu tá: {routes} tuyến, {stops} điểm, {unassigned} đơn để lại, {count} vi phạm.",
        "Couriers: {routes} routes, {stops} stops, {unassigned} left out, {count} violations.",
    ),
    "check.trucks": (
        "Xe tải: {routes} tuyến, {stops} điểm, {unassigned} chuyến để lại, {count} vi phạm.",
        "Trucks: {routes} routes, {stops} stops, {unassigned} left out, {count} violations.",
    ),
    "check.two": (
        "Ghi cả tệp bài toán và tệp kế hoạch, hoặc một thư mục do 'buuta plan' ghi ra",
        "Name a problem and a plan, or a folder that 'buuta plan' wrote",
    ),
    "trucks.broken": ("Xe tải và bưu tá chưa khớp:", "Trucks and couriers do not fit:"),
    "trucks.direct": (
        "Xe tải làm thẳng {count} đơn (quá lớn cho bưu tá, hoặc cả ngày rẻ hơn): {orders}.",
        "Trucks do {count} orders themselves (too big for couriers, or cheaper so): {orders}.",
    ),
    "trucks.held": (
        "Tối nay không xe tải nào còn chỗ hoặc kịp giờ ({items} bưu gửi ở lại): {offices}.",
        "No truck has the room or the time tonight ({items} collected items stay): {offices}.",
    ),
    "trucks.held_dear": (
        "Lấy thư thu gom tối nay tốn hơn để sang mai ({items} bưu gửi ở lại): {offices}.",
        "To fetch them tonight costs more than waiting ({items} collected items stay): {offices}.",
    ),
    "trucks.stay": ("{items} bưu gửi ở lại", "{items} items stay"),
    "trucks.none": (
        "Không có bảng xe tải (--trucks): chỉ xếp bưu tá, coi thư có ở bưu cục lúc 7:00.",
        "No table of trucks (--trucks): couriers only, mail taken to be at the offices at 7:00.",
    ),
    # Endings
    "plan.clean": (
        "Kế hoạch giữ mọi quy định (bộ kiểm tra độc lập xác nhận).",
        "The plan keeps every rule (confirmed by the independent checker).",
    ),
    "plan.broken": (
        "Kế hoạch vi phạm {count} quy định:",
        "The plan breaks {count} rules:",
    ),
    "plan.nothing": (
        "Không xếp được đơn nào; lý do của từng đơn ở bảng trên.",
        "No order could be planned; the table above gives each reason.",
    ),
    "stop.asked": (
        "Đang dừng: giữ kế hoạch tốt nhất đến lúc này (Ctrl-C lần nữa để bỏ hẳn).",
        "Stopping: keeping the best plan so far (Ctrl-C again to give up).",
    ),
    "stop.kept": (
        "Đã dừng sớm sau {seconds} giây; đây là kế hoạch tốt nhất tìm được.",
        "Stopped early after {seconds} s; this is the best plan found.",
    ),
    "sample.done": (
        "Ngày mẫu {day}: {orders} đơn, {couriers} bưu tá, {offices} bưu cục.",
        "Sample day {day}: {orders} orders, {couriers} couriers, {offices} offices.",
    ),
    "check.clean": (
        "Không vi phạm. {routes} tuyến, {stops} điểm, {unassigned} để lại, {km} km, {cost}.",
        "No violation. {routes} routes, {stops} stops, {unassigned} left out, {km} km, {cost}.",
    ),
    "check.clean_instance": (
        "Không vi phạm. {routes} tuyến, {stops} điểm, {unassigned} để lại, chi phí {cost}.",
        "No violation. {routes} routes, {stops} stops, {unassigned} left out, cost {cost}.",
    ),
    "check.broken": ("{count} vi phạm:", "{count} violations:"),
    "solve.table": ("Kết quả: {name}", "Result: {name}"),
    "solve.kind": ("Loại", "Kind"),
    "solve.cost": ("Chi phí", "Cost"),
    "solve.vehicles": ("Xe", "Vehicles"),
    "solve.stops": ("Điểm dừng", "Stops"),
    "solve.unassigned": ("Để lại", "Unassigned"),
    "solve.feasible": ("Hợp lệ", "Feasible"),
    "solve.engine": ("Máy tìm", "Engine"),
    "solve.seconds": ("Giây", "Seconds"),
    "solve.iterations": ("Số vòng", "Iterations"),
    # Re-planning
    "replan.decision": ("{time}: {action} ({reasons})", "{time}: {action} ({reasons})"),
    "replan.presumed": (
        "{count} bưu tá chưa báo gì, coi như đi đúng kế hoạch: {names}",
        "{count} couriers have reported nothing and are taken to keep to the plan: {names}",
    ),
    "replan.changes": ("{count} điểm thay đổi", "{count} stops change"),
    "replan.more": ("… và {count} nữa, tất cả ở changes.csv", "… and {count} more in changes.csv"),
    "replan.unchanged": ("Không điểm nào thay đổi.", "No stop changes."),
    "replan.cost": (
        "Đã chi {spent}; còn lại {rest_before} nếu giữ, {rest_after} nếu đổi; cả ngày {day_after}.",
        "Spent {spent}; the rest {rest_before} as it is, {rest_after} anew; the day {day_after}.",
    ),
    "replan.unreadable": (
        "tệp sự kiện có {count} chỗ không đọc được; không sự kiện nào được dùng:",
        "the file of events has {count} faults; no event was used:",
    ),
    "replan.no_time": (
        "--now: {given!r} không phải giờ; ghi như 10:30",
        "--now: {given!r} is no time; write it as 10:30",
    ),
    "replan.no_events": (
        "tệp sự kiện không có sự kiện nào; không có gì để lập lại",
        "the file of events holds none; there is nothing to re-plan for",
    ),
    "replan.bad_known": (
        "{file} không đọc được ({error}); chạy lại buuta replan từ thư mục của buuta plan",
        "{file} cannot be read ({error}); run buuta replan again from the folder of buuta plan",
    ),
    # The planner's desk
    "step.simulate": ("Mô phỏng các ngày", "Living the days"),
    "simulate.unreadable": (
        "tệp kịch bản có {count} chỗ sai; chưa mô phỏng gì:",
        "the scenario file has {count} faults; nothing was simulated:",
    ),
    "step.pilot": ("Đo thử một ngày của mỗi kịch bản", "Measuring a pilot day of each scenario"),
    "simulate.expected": (
        (
            "{days} ngày, {scenarios} kịch bản, máy: {workers}; theo ngày đo thử: khoảng {time}. "
            "Ctrl-C dừng sớm và giữ phần đã xong."
        ),
        (
            "{days} days, {scenarios} scenarios, workers: {workers}; by the pilot day: about "
            "{time}. Ctrl-C stops early and keeps what is done."
        ),
    ),
    "simulate.expected_search": (
        (
            "{days} ngày, {scenarios} kịch bản, máy: {workers}; theo ngày đo thử: khoảng {time}, "
            "rồi nhiều nhất {search} để xét từng phương tiện nên mua, và thêm ít nữa cho mỗi lần "
            "mua. Ctrl-C dừng sớm và giữ phần đã xong."
        ),
        (
            "{days} days, {scenarios} scenarios, workers: {workers}; by the pilot day: about "
            "{time}, then at most {search} to look at each vehicle to buy, and a little more for "
            "each that is bought. Ctrl-C stops early and keeps what is done."
        ),
    ),
    "simulate.left": ("còn khoảng {time}", "about {time} left"),
    "simulate.long": (
        "sẽ mất khoảng {time}; thêm --yes để vẫn chạy, hoặc bớt --days. Chưa mô phỏng gì",
        (
            "this takes about {time}; add --yes to run it all the same, or ask for fewer --days. "
            "Nothing was simulated"
        ),
    ),
    "simulate.seconds": ("{count} giây", "{count} s"),
    "simulate.minutes": ("{count} phút", "{count} min"),
    "simulate.hours": ("{count} giờ", "{count} h"),
    "simulate.stopping": (
        "Đang dừng: giữ những ngày đã xong (Ctrl-C lần nữa để bỏ hẳn).",
        "Stopping: keeping the days that are done (Ctrl-C again to give up).",
    ),
    "simulate.nothing": (
        (
            "dừng trước khi xong đợt ngày đầu tiên của mọi kịch bản; chưa có gì để ghi. "
            "Chạy lại lâu hơn, hoặc với ít ngày hơn"
        ),
        (
            "stopped before the first block of days was done for every scenario; there is nothing "
            "to write. Run longer, or fewer days"
        ),
    ),
    "simulate.lost": (
        "Mất máy tính toán ({detail}): kết quả ghi ra chỉ là một phần; kiểm tra máy và chạy lại.",
        "The workers were lost ({detail}): what is written is partial; check them and run again.",
    ),
    "simulate.lost_at_once": (
        "mất máy tính toán ngay khi đo thử ({detail}); chưa có gì để ghi. Kiểm tra máy và chạy lại",
        (
            "the workers were lost in the pilot already ({detail}); there is nothing to write. "
            "Check them and run again"
        ),
    ),
    "simulate.no_cluster": (
        (
            "không kết nối được cụm máy {address} ({detail}); khởi động 'dask scheduler' và "
            "'dask worker', cài thêm phần 'cluster', hoặc bỏ --cluster"
        ),
        (
            "no cluster at {address} ({detail}); start 'dask scheduler' and 'dask worker', install "
            "the extra 'cluster', or leave out --cluster"
        ),
    ),
    "simulate.no_past": (
        (
            "{folder}: không phải kho dữ liệu, cũng không có tệp đơn nào mang ngày trong tên, như "
            "orders-2026-11-24.csv"
        ),
        (
            "{folder}: is no store, and no file of orders there has its date in its name, as "
            "orders-2026-11-24.csv"
        ),
    ),
    "simulate.few_past": (
        "chỉ có {count} ngày đã qua với địa chỉ tìm được; cần ít nhất năm ngày",
        "only {count} past days with addresses that were found; give five or more",
    ),
    "yes": ("có", "yes"),
    "no": ("không", "no"),
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
