"""Errata's own REST API, version 1."""

import re
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from ninja import NinjaAPI, Swagger
from ninja.openapi.schema import OpenAPISchema

import errata
from errata.api.kit import ApiRequest, Bearer, ErrorBody, answer_errors
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
from errata.core.errors import Refusal

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
    docs=Swagger(settings={"persistAuthorization": True, "defaultModelsExpandDepth": -1}),
    docs_url="/docs",
)
answer_errors(api)


class ParameterUnknown(Refusal):
    """A query parameter that the operation doesn't have: left out in silence, a filter would find everything."""

    code = "invalid"
    status = 422


@cache
def _parameters() -> dict[tuple[str, str], tuple[str, ...]]:
    """The query parameters of each operation, by its method and path, as the description has them."""
    return {
        (method.upper(), path.partition("/api/v1")[2]): tuple(
            parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"
        )
        for path, operations in api.get_openapi_schema()["paths"].items()
        for method, operation in operations.items()
    }


def _named_only(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse what is not in the description, with what is."""

    @wraps(operation)
    def checked(request: ApiRequest, *args: Any, **kwargs: Any) -> Any:
        if request.GET:
            route = request.resolver_match.route if request.resolver_match else ""
            path = _IN_ROUTE.sub(r"{\1}", route).partition("api/v1")[2]
            known = _parameters()[str(request.method), path]
            if unknown := next((name for name in request.GET if name not in known), None):
                has = f"It takes {', '.join(known)}." if known else "It takes none."
                msg = f"query.{unknown}: There is no such parameter here. {has}"
                raise ParameterUnknown(msg, places=[{"at": f"query.{unknown}", "what": "There is no such parameter"}])
        return operation(request, *args, **kwargs)

    return checked


_IN_ROUTE = re.compile(r"<(?:\w+:)?(\w+)>")
api.add_decorator(_named_only)
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
