"""The table of roles and permissions in docs/security.md, made from the program.

python -m tests.permissions_table writes it anew.
"""

from pathlib import Path

from certengine.people.permissions import HOLDS, WITH_SECOND_FACTOR, Permission, Role

DOCUMENT = Path(__file__).parent.parent / "docs" / "security.md"
BEGIN, END = "<!-- permissions: python -m tests.permissions_table -->", "<!-- end of permissions -->"


def table() -> str:
    """Permissions down, roles across; ② stands where a second factor is asked for."""
    roles = list(Role)
    lines = [
        "| | " + " | ".join(role.value.replace("_", " ") for role in roles) + " |",
        "| --- |" + " :-: |" * len(roles),
    ]
    for permission in sorted(Permission, key=lambda each: each.value):
        mark = " ②" if permission in WITH_SECOND_FACTOR else ""
        cells = ["●" if permission in HOLDS[role] else "" for role in roles]
        lines.append(f"| `{permission.value}`{mark} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def parts() -> tuple[str, str, str]:
    """The document before the table, the table in it, and after it."""
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    return before, inside.strip(), after


if __name__ == "__main__":
    before, _inside, after = parts()
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}")
