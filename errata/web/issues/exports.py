"""The list as a file."""

import tempfile

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from errata.apps.issues import exporting
from errata.apps.projects import queries as projects
from errata.web.requests import ActorRequest

FORMATS = (("csv", "CSV"), ("xlsx", "Excel (XLSX)"), ("jsonl", "JSON lines"))
# Below this a workbook stays in memory.
_SPOOL_BYTES = 4 * 2**20


def export(request: ActorRequest) -> HttpResponseBase:
    """All issues that the address finds, as a file in the format it names."""
    get = request.GET
    chosen = exporting.checked_format(get.get("format", "csv"))
    project = projects.find_project(actor=request.actor, which=get["project"]) if get.get("project") else None
    found = exporting.export_issues(
        actor=request.actor,
        query=get.get("q", "").strip(),
        projects=[project.id] if project else None,
        sort=get.get("sort", ""),
        format=chosen,
        now=request.now,
    )
    name, kind = exporting.file_name(chosen, at=request.now), exporting.CONTENT_TYPES[chosen]
    if chosen == "xlsx":
        # The response reads it after this returns, and closes it.
        file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 (the response closes it)
        exporting.write_xlsx(found, file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=name, content_type=kind)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(exporting.lines(found, chosen), content_type=kind, headers=headers)
