// Bundled for the browser: the real @sentry/browser, an error a script throws by itself.
import * as Sentry from "@sentry/browser";

window.startShop = (dsn) => {
  Sentry.init({ dsn, release: "shop-web@3.1.0", environment: "production", integrations: [Sentry.browserTracingIntegration()], tracesSampleRate: 1.0 });
  Sentry.setUser({ id: "9", username: "nadia" });
  Sentry.setTag("checkout", "express");
  document.querySelector("#pay").addEventListener("click", () => {
    const basket = JSON.parse("{}");
    basket.lines.forEach((line) => line.total());
  });
};
window.flushShop = () => Sentry.flush(10000);
