"""Labels for desks: eight a page, to be cut."""

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.pagesizes import A4

from certengine.certificates.typesetting import draw_text, fitted, new_canvas
from certengine.foundation.clock import chinese_time
from certengine.sittings.reading import PlacementView, SittingView

WIDTH, HEIGHT = A4
COLUMNS, ROWS = 2, 4
LABEL = (WIDTH / COLUMNS, HEIGHT / ROWS)
EDGE = 24.0


def seat_labels(view: SittingView, placed: Sequence[PlacementView]) -> bytes:
    """By seat; number, name and ticket, and no document number: labels lie open."""
    out = BytesIO()
    canvas = new_canvas(out, A4, f"桌贴 {placed[0].room_name}")
    for number, each in enumerate(placed):
        place = number % (COLUMNS * ROWS)
        if number and not place:
            canvas.showPage()
        x, y = place % COLUMNS * LABEL[0], HEIGHT - (place // COLUMNS + 1) * LABEL[1]
        canvas.setDash(2, 3)
        canvas.rect(x, y, *LABEL)
        canvas.setDash()
        measure, top = LABEL[0] - 2 * EDGE, y + LABEL[1]
        draw_text(canvas, x + EDGE, top - 40, view.title, fitted(view.title, 11, measure))
        draw_text(canvas, x + EDGE, top - 60, f"{each.room_name}  {chinese_time(view.starts_at)}", 10)
        draw_text(canvas, x + EDGE, top - 115, str(each.seat_number), 40)
        draw_text(canvas, x + EDGE + 100, top - 110, each.name, fitted(each.name, 22, measure - 100))
        draw_text(canvas, x + EDGE, top - 150, each.ticket_number, 14)
    canvas.save()
    return out.getvalue()
