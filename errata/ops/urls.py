"""Django's part of the address space: the API's dialects, then the pages."""

from django.urls import URLPattern, URLResolver, include, path

from errata.api import hooks
from errata.api.native.api import api as native

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", native.urls),
    path("hooks/<slug:forge>/<str:hook>/", hooks.receive),
    path("", include("errata.web.urls")),
]

handler400 = "errata.web.errors.bad_request"
handler403 = "errata.web.errors.forbidden"
handler404 = "errata.web.errors.not_found"
handler500 = "errata.web.errors.failed"
