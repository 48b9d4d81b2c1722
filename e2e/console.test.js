// The console in a browser, against the real program.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, open, shoot, SIZES } from "./browser.js";
import { Service } from "./service.js";

const PAGES = {
  home: "/",
  warehouse: "/console/warehouse",
  market: "/console/market?view=reservations",
  rental: "/console/rental",
  restaurant: "/console/restaurant",
  cafe: "/console/cafe",
  "cafe-board": "/console/cafe/board",
  "restaurant-board": "/console/restaurant/board",
  order: "/console/cafe/orders/seen",
  stock: "/console/warehouse/stock/%EC%82%AC%EA%B3%BC",
  projections: "/console/projections",
  login: "/login?refused=1",
};

let browser;
let service;

before(async () => {
  browser = await launch();
  service = await Service.start();
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

const order = (orderId) =>
  service.post("/cafe/orders", { orderId, product: "IceAmericano", qty: 2, price: 2000, customerId: "min" });
const card = (page, column, id) => page.locator(`#cards-${column} #card-${id}`);

describe("pages", () => {
  before(async () => {
    await order("seen");
    await service.post("/cafe/members", { customerId: "min", name: "<script>alert(1)</script>", validated: true });
    await service.post("/warehouse/deliveries", { product: "사과", qty: 40, customerId: "min" });
    await service.post("/market/items", { itemNo: "camera", itemName: "Camera", itemPrice: 100 });
    await service.post("/market/reservations", { itemNo: "camera", customerId: "1", customerName: "송영은" });
    await service.post("/rental/orders", { orderId: "rented", productId: "2", qty: 10, amount: 10 });
    await service.post("/restaurant/orders", {
      orderId: "dish", restaurantId: "1", restaurantMenuId: "1", customerId: "min", qty: 1,
    });
    await service.becomes("/cafe/tickets/seen", "status", "order_get");
    await service.becomes("/restaurant/my-page/dish", "cookStatus", "COOK : ORDER RECEIPT");
    await service.becomes("/rental/total-view/rented", "feeReceived", true);
  });

  for (const size of Object.keys(SIZES)) {
    for (const language of ["ko", "en"]) {
      test(`load without errors, ${size}, ${language}`, async () => {
        const page = await open(browser, service, { size, language });
        for (const [name, path] of Object.entries(PAGES)) {
          const answer = await page.goto(path);
          assert.equal(answer.status(), 200, path);
          assert.equal(await page.getAttribute("html", "lang"), language);
          assert.equal(await page.locator("h1").count(), 1, name);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
          if (size === "phone") {
            const low = await page.evaluate(() =>
              [...document.querySelectorAll("button, .button, input, select")]
                .filter((one) => one.getClientRects().length && one.getBoundingClientRect().height < 44)
                .map((one) => one.outerHTML),
            );
            assert.deepEqual(low, [], `${name} has buttons that are hard to hit`);
          }
          await shoot(page, `${name}-${size}-${language}`);
        }
        assert.deepEqual(page.wrong, []);
        await page.context().close();
      });
    }
  }

  test("the language stays as chosen", async () => {
    const page = await open(browser, service);
    await page.goto("/console/cafe?view=menu");
    await page.getByRole("link", { name: "English" }).click();
    await page.getByRole("heading", { name: "Café" }).waitFor();
    await page.getByRole("link", { name: "At a glance" }).click();
    await page.getByRole("heading", { name: "Jangteo at a glance" }).waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
  });

  test("a row comes to a table without reloading", async () => {
    const page = await open(browser, service, { language: "en" });
    await page.goto("/console/warehouse?view=lots");
    await service.post("/warehouse/deliveries", { deliveryId: "came-later", product: "TV", qty: 10 });
    await page.getByRole("link", { name: "came-later" }).waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
  });
});

describe("the café's board", () => {
  test("an order comes by itself, and is accepted, made and handed over", async () => {
    const page = await open(browser, service, { language: "en" });
    await page.goto("/console/cafe/board");
    await page.evaluate(() => (window.same = true));
    await page.getByText("Live", { exact: true }).waitFor();
    const before = Date.now();
    await order("ordered");
    await card(page, "new", "ordered").waitFor();
    // The page looks again by itself after half a minute only.
    assert.ok(Date.now() - before < 10_000, "the stream told of it");
    await shoot(page, "cafe-board-new");
    await card(page, "new", "ordered").getByRole("button", { name: "Accept" }).dblclick();
    await card(page, "making", "ordered").getByRole("button", { name: "Made" }).click();
    await card(page, "ready", "ordered").getByRole("button", { name: "Hand over" }).click();
    await card(page, "over", "ordered").waitFor();
    await service.becomes("/cafe/order-status/ordered", "status", "picked_up");
    assert.equal(await page.evaluate(() => window.same), true, "the page was not loaded again");
    await shoot(page, "cafe-board-over");
    const facts = await service.ask("GET", "/cafe/orders/ordered/timeline");
    assert.equal(facts.filter((fact) => fact.type === "cafe.OrderReceived").length, 1);

    await card(page, "over", "ordered").getByRole("link", { name: "ordered" }).click();
    await page.getByRole("heading", { name: "What happened" }).waitFor();
    for (const fact of ["Order selected", "Accepted by the store", "Coffee made", "Handed over", "Order picked up"]) {
      await page.getByText(fact, { exact: true }).waitFor();
    }
    await shoot(page, "timeline");
    assert.deepEqual(page.wrong, []);
    await page.context().close();
  });

  test("an order is rejected with a reason, on a phone, in Korean", async () => {
    await order("unwanted");
    const page = await open(browser, service, { size: "phone" });
    await page.goto("/console/cafe/board");
    const unwanted = card(page, "new", "unwanted");
    await unwanted.locator("summary", { hasText: "거절" }).click();
    await unwanted.getByLabel("사유 (선택)").fill("원두가 떨어졌어요");
    // What is typed stays while other orders come.
    await order("another");
    await card(page, "new", "another").waitFor();
    assert.equal(await unwanted.getByLabel("사유 (선택)").inputValue(), "원두가 떨어졌어요");
    await shoot(page, "cafe-board-reject");
    await unwanted.getByRole("button", { name: "거절" }).click();
    await card(page, "over", "unwanted").getByText("원두가 떨어졌어요").waitFor();
    const status = await service.becomes("/cafe/order-status/unwanted", "refundedAmount", 4000);
    assert.equal(status.status, "order_rejected");
    assert.deepEqual(page.wrong, []);
    await page.context().close();
  });

  test("what the business refuses is said in the reader's language", async () => {
    await order("too-late");
    const page = await open(browser, service);
    await page.goto("/console/cafe/board");
    page.refusals = true;
    const late = card(page, "new", "too-late").getByRole("button", { name: "수락" });
    await late.waitFor();
    // Somebody else was first, and the page has not heard of it.
    await page.route("**/console/cafe/board", (route) => route.abort());
    await service.post("/cafe/tickets/too-late/reject");
    await late.click();
    await page.getByText("이미 거절한 주문입니다.").and(page.locator("#alert")).waitFor();
    await shoot(page, "cafe-board-refused");
    await page.context().close();
  });

  test("buttons work without the script", async () => {
    await order("plain");
    await service.becomes("/cafe/tickets/plain", "status", "order_get");
    const page = await open(browser, service, { language: "en", script: false });
    await page.goto("/console/cafe/board");
    await card(page, "new", "plain").getByRole("button", { name: "Accept" }).click();
    await page.waitForURL("**/console/cafe/board");
    await service.becomes("/cafe/tickets/plain", "status", "receive");
    await page.reload();
    await card(page, "making", "plain").waitFor();
    await page.context().close();
  });
});

test("the restaurant's board: cooked and delivered", async () => {
  const page = await open(browser, service, { language: "en" });
  await page.goto("/console/restaurant/board");
  const meal = { restaurantId: "1", restaurantMenuId: "1", customerId: "min", qty: 1 };
  await service.post("/restaurant/orders", { ...meal, orderId: "meal" });
  await service.post("/restaurant/orders", { ...meal, orderId: "unloved" });
  await card(page, "cooking", "unloved").getByRole("button", { name: "Cancel order" }).click();
  await card(page, "over", "unloved").waitFor();
  await card(page, "cooking", "meal").getByRole("button", { name: "Cooked" }).click();
  await card(page, "on-the-way", "meal").getByRole("button", { name: "Delivered" }).click();
  await card(page, "over", "meal").waitFor();
  const row = await service.becomes("/restaurant/my-page/meal", "deliveryStatus", "DELIVERY : DELIVERY FIN");
  assert.equal(row.cookStatus, "COOKED");
  await shoot(page, "restaurant-board-over");
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test("projections show how far they are, and what waits", async () => {
  const page = await open(browser, service, { language: "en" });
  await page.goto("/console/projections");
  const row = page.locator("tr", { hasText: "cafe.order_status" });
  await row.getByText("Up to date").waitFor();
  await service.run("pause", "cafe.ticket");
  await order("waits");
  const parked = page.locator("section", { hasText: "Parked events" });
  await parked.getByText("cafe.order-waits").waitFor();
  await parked.getByText("Waits for a paused part").waitFor();
  await shoot(page, "projections-parked");
  await service.run("resume", "cafe.ticket");
  await parked.waitFor({ state: "detached" });
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test("staff signs in, customers are told that this is not for them", async () => {
  const secured = await Service.start({ JANGTEO_AUTH_SECRETS: "0123456789abcdef0123456789abcdef" });
  try {
    const tokens = await Promise.all(
      ["store", "customer"].map((role) => secured.run("token", "--sub", "min", "--role", role)),
    );
    const page = await open(browser, secured, { language: "en" });
    await page.goto("/console/cafe/board");
    assert.equal(new URL(page.url()).pathname, "/login");
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Enter" }).click();
    await page.getByText("This token does not let you in.").waitFor();
    await page.getByLabel("Token").fill(tokens[0]);
    await page.getByRole("button", { name: "Enter" }).click();
    await page.waitForURL("**/console/cafe/board");

    const own = { Authorization: `Bearer ${tokens[0]}` };
    await secured.post("/cafe/orders", { orderId: "o-1", product: "IceAmericano", qty: 1, price: 2000 }, own);
    await card(page, "new", "o-1").getByRole("button", { name: "Accept" }).click();
    await card(page, "making", "o-1").waitFor();
    await shoot(page, "signed-in");
    assert.equal(await page.getByRole("link", { name: "Projections" }).count(), 0);
    assert.deepEqual(page.wrong, []);

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/login");
    await page.getByLabel("Token").fill(tokens[1]);
    page.refusals = true;
    await page.getByRole("button", { name: "Enter" }).click();
    await page.getByText("The role that you have may not do this.").waitFor();
    await shoot(page, "forbidden");
    await page.context().close();
  } finally {
    await secured.stop();
  }
});
