"""How a program is connected, platform by platform: the snippets of the onboarding page."""

import msgspec


class Step(msgspec.Struct, frozen=True):
    title: str
    code: str
    language: str
    file: str = ""


class Platform(msgspec.Struct, frozen=True):
    id: str
    name: str
    short: str  # two or three letters for its tile
    group: str
    steps: tuple[Step, ...]


def _pip(extra: str = "") -> Step:
    package = f"sentry-sdk[{extra}]" if extra else "sentry-sdk"
    return Step("Install the SDK", f'pip install --upgrade "{package}"', "shell")


def _npm(package: str) -> Step:
    return Step("Install the SDK", f"npm install {package}", "shell")


_RAISE = Step("Try it", "1 / 0", "python")

PLATFORMS = (
    Platform("python", "Python", "py", "Python", (
        _pip(),
        Step("Start it as early as you can", """import sentry_sdk

sentry_sdk.init(
    dsn="{dsn}",
    environment="production",
    release="my-app@1.0.0",
)""", "python", "main.py"),
        _RAISE,
    )),
    Platform("django", "Django", "dj", "Python", (
        _pip("django"),
        Step("Add it to the settings", """import sentry_sdk

sentry_sdk.init(
    dsn="{dsn}",
    send_default_pii=True,  # the signed-in user; Errata scrubs secrets
)""", "python", "settings.py"),
        Step("Try it", """from django.urls import path

def trigger_error(request):
    return 1 / 0

urlpatterns = [path("errata-test/", trigger_error)]""", "python", "urls.py"),
    )),
    Platform("flask", "Flask", "fl", "Python", (
        _pip("flask"),
        Step("Start it before the app", """import sentry_sdk
from flask import Flask

sentry_sdk.init(dsn="{dsn}")

app = Flask(__name__)

@app.route("/errata-test")
def trigger_error():
    return 1 / 0""", "python", "app.py"),
    )),
    Platform("fastapi", "FastAPI", "fa", "Python", (
        _pip("fastapi"),
        Step("Start it before the app", """import sentry_sdk
from fastapi import FastAPI

sentry_sdk.init(dsn="{dsn}")

app = FastAPI()

@app.get("/errata-test")
async def trigger_error():
    return 1 / 0""", "python", "main.py"),
    )),
    Platform("node", "Node.js", "no", "JavaScript", (
        _npm("@sentry/node"),
        Step("Start it before anything else", """const Sentry = require("@sentry/node");

Sentry.init({{
  dsn: "{dsn}",
  environment: "production",
  release: "my-app@1.0.0",
}});""", "javascript", "instrument.js"),
        Step("Try it", """require("./instrument.js");

setTimeout(() => {{
  throw new Error("Errata test");
}}, 99);""", "javascript", "app.js"),
    )),
    Platform("javascript", "Browser", "js", "JavaScript", (
        _npm("@sentry/browser"),
        Step("Start it as early as you can", """import * as Sentry from "@sentry/browser";

Sentry.init({{
  dsn: "{dsn}",
  environment: "production",
  release: "my-site@1.0.0",
}});""", "javascript", "main.js"),
        Step("Try it", 'setTimeout(() => {{ throw new Error("Errata test"); }});', "javascript"),
    )),
    Platform("react", "React", "re", "JavaScript", (
        _npm("@sentry/react"),
        Step("Start it before React renders", """import * as Sentry from "@sentry/react";
import {{ createRoot }} from "react-dom/client";
import App from "./App";

Sentry.init({{
  dsn: "{dsn}",
}});

createRoot(document.getElementById("root"), {{
  onUncaughtError: Sentry.reactErrorHandler(),
  onCaughtError: Sentry.reactErrorHandler(),
}}).render(<App />);""", "javascript", "index.jsx"),
        Step("Try it", '<button onClick={{() => {{ throw new Error("Errata test"); }}}}>Break</button>', "javascript"),
    )),
    Platform("nextjs", "Next.js", "nx", "JavaScript", (
        _npm("@sentry/nextjs"),
        Step("In the browser", """import * as Sentry from "@sentry/nextjs";

Sentry.init({{ dsn: "{dsn}" }});

export const onRouterTransitionStart = Sentry.captureRouterTransitionStart;""",
            "javascript", "instrumentation-client.js"),
        Step("On the server", """import * as Sentry from "@sentry/nextjs";

export async function register() {{
  Sentry.init({{ dsn: "{dsn}" }});
}}

export const onRequestError = Sentry.captureRequestError;""", "javascript", "instrumentation.js"),
    )),
    Platform("php", "PHP", "ph", "Server", (
        Step("Install the SDK", "composer require sentry/sentry", "shell"),
        Step("Start it as early as you can", """<?php
require_once 'vendor/autoload.php';

\\Sentry\\init([
    'dsn' => '{dsn}',
    'environment' => 'production',
    'release' => 'my-app@1.0.0',
]);""", "php", "index.php"),
        Step("Try it", "throw new Exception('Errata test');", "php"),
    )),
    Platform("ruby", "Ruby", "rb", "Server", (
        Step("Install the SDK", "bundle add sentry-ruby", "shell"),
        Step("Start it as early as you can", """require "sentry-ruby"

Sentry.init do |config|
  config.dsn = "{dsn}"
  config.environment = "production"
  config.release = "my-app@1.0.0"
end""", "ruby", "app.rb"),
        Step("Try it", """begin
  1 / 0
rescue ZeroDivisionError => error
  Sentry.capture_exception(error)
end""", "ruby"),
    )),
    Platform("go", "Go", "go", "Server", (
        Step("Install the SDK", "go get github.com/getsentry/sentry-go", "shell"),
        Step("Start it in main", """package main

import (
	"errors"
	"log"
	"time"

	"github.com/getsentry/sentry-go"
)

func main() {{
	err := sentry.Init(sentry.ClientOptions{{
		Dsn:     "{dsn}",
		Release: "my-app@1.0.0",
	}})
	if err != nil {{
		log.Fatal(err)
	}}
	defer sentry.Flush(2 * time.Second)

	sentry.CaptureException(errors.New("errata test"))
}}""", "go", "main.go"),
    )),
    Platform("java", "Java", "jv", "Server", (
        Step("Add the dependency", "implementation 'io.sentry:sentry:8.+'", "groovy", "build.gradle"),
        Step("Start it in main", """import io.sentry.Sentry;

public class Main {{
  public static void main(String[] args) {{
    Sentry.init(options -> {{
      options.setDsn("{dsn}");
      options.setRelease("my-app@1.0.0");
    }});

    try {{
      throw new IllegalStateException("Errata test");
    }} catch (IllegalStateException error) {{
      Sentry.captureException(error);
    }}
  }}
}}""", "java", "Main.java"),
    )),
    Platform("other", "Anything else", "··", "Server", (
        Step("Any Sentry SDK works: give it this DSN", "{dsn}", "text"),
        Step("Or send an event with curl", """curl {store_url} \\
  -H 'Content-Type: application/json' \\
  -H 'X-Sentry-Auth: Sentry sentry_version=7, sentry_key={public_key}' \\
  -d '{{"message": "Hello from curl", "level": "error", "platform": "other"}}'""", "shell"),
    )),
)  # fmt: skip


def platform(name: str) -> Platform:
    """The platform of that id; what is not known is `other`."""
    return next((item for item in PLATFORMS if item.id == name), PLATFORMS[-1])


def filled(item: Platform, *, dsn: str, store_url: str, public_key: str) -> list[Step]:
    """The platform's steps with the project's own addresses in them."""
    return [
        msgspec.structs.replace(step, code=step.code.format(dsn=dsn, store_url=store_url, public_key=public_key))
        for step in item.steps
    ]
