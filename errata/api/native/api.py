"""Errata's own REST API, version 1."""

from typing import Any

from ninja import NinjaAPI, Swagger
from ninja.openapi.schema import OpenAPISchema

import errata
from errata.api.kit import Bearer, BodyParser, ErrorBody, answer_errors
from errata.api.native.audit import router as audit
from errata.api.native.automations import router as automations
from errata.api.native.clocks import router as clocks
from errata.api.native.designation import router as designation
from errata.api.native.events import router as events
from errata.api.native.issues import router as issues
from errata.api.native.notices import router as notices
from errata.api.native.progress import router as progress
from errata.api.native.projects import router as projects
from errata.api.native.releases import router as releases
from errata.api.native.templates import router as templates
from errata.api.native.workflows import router as workflows

_REFERENCE = "#/components/schemas/{model}"


class Api(NinjaAPI):
    """The API, whose description also tells the shape of errors: each operation has the same."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the description, with an error as the default answer of every operation."""
        schema = super().get_openapi_schema(**options)
        shapes = ErrorBody.model_json_schema(ref_template=_REFERENCE)
        schema["components"]["schemas"] |= shapes.pop("$defs") | {"ErrorBody": shapes}
        content = {"application/json": {"schema": {"$ref": _REFERENCE.format(model="ErrorBody")}}}
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"]["default"] = {"description": "What went wrong", "content": content}
        return schema


api = Api(
    title="Errata",
    version=errata.__version__,
    description="Issues, events, releases, notifications, projects and the audit log. Send `Authorization: Bearer"
    " <token>`; people make tokens under Settings → API tokens, scripts with `errata token create`.",
    urls_namespace="api-v1",
    auth=Bearer(),
    parser=BodyParser(),
    docs=Swagger(settings={"persistAuthorization": True, "defaultModelsExpandDepth": -1}),
    docs_url="/docs",
)
answer_errors(api)
_ROUTERS = (
    projects,
    templates,
    workflows,
    issues,
    clocks,
    events,
    designation,
    progress,
    releases,
    notices,
    automations,
    audit,
)
for router in _ROUTERS:
    api.add_router("", router)
