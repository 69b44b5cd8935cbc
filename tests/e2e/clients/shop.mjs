// An unmodified program with the real @sentry/node: one handled error, one that ends the process.
import * as Sentry from "@sentry/node";

Sentry.init({ dsn: process.argv[2], release: "shop-node@2.0.0", environment: "staging", tracesSampleRate: 1.0 });

function discount(basket) {
  return basket.coupon.percent / 100;
}

Sentry.setUser({ id: "77", email: "jonas@customers.example" });
Sentry.setTag("region", "eu-central");
Sentry.addBreadcrumb({ category: "query", message: "SELECT * FROM coupon", level: "info" });
try {
  discount({ coupon: null });
} catch (error) {
  console.log(Sentry.captureException(error));
}
await Sentry.flush(10000);
setTimeout(() => {
  throw new RangeError("Quantity must be positive, got -3");
}, 10);
