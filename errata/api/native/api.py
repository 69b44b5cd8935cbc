"""Errata's own REST API, version 1."""

from ninja import NinjaAPI, Swagger

import errata
from errata.api.kit import Bearer, answer_errors
from errata.api.native.audit import router as audit
from errata.api.native.events import router as events
from errata.api.native.issues import router as issues
from errata.api.native.notices import router as notices
from errata.api.native.projects import router as projects

api = NinjaAPI(
    title="Errata",
    version=errata.__version__,
    description="Issues, events, notifications, projects and the audit log. Send `Authorization: Bearer <token>`;"
    " people make tokens under Settings → API tokens, scripts with `errata token create`.",
    urls_namespace="api-v1",
    auth=Bearer(),
    docs=Swagger(settings={"persistAuthorization": True, "defaultModelsExpandDepth": -1}),
    docs_url="/docs",
)
answer_errors(api)
for router in (projects, issues, events, notices, audit):
    api.add_router("", router)
