import pytest

from errata.core.event.origin import is_library
from errata.core.grouping.frames import ANONYMOUS, line_of, name_of, place_of


@pytest.mark.parametrize(
    ("family", "function", "name"),
    [
        ("javascript", "Object.pay", "pay"),
        ("javascript", "async pay", "pay"),
        ("javascript", "new Cart", "Cart"),
        ("javascript", "Cart.total [as sum]", "total"),
        ("javascript", "async*pay", "pay"),
        ("javascript", "pay/<", "pay"),
        ("javascript", "null.<anonymous>", ANONYMOUS),
        ("javascript", "eval", ANONYMOUS),
        ("python", "<lambda>", ANONYMOUS),
        ("python", "<module>", "<module>"),
        ("java", "lambda$pay$0", "lambda$pay"),
        ("java", "$anonfun$pay$3", "$anonfun$pay"),
        ("java", "access$100", "access"),
        ("csharp", "<Pay>b__12_0", "<Pay>"),
        ("csharp", "<PayAsync>d__7.MoveNext", "<PayAsync>.MoveNext"),
        ("csharp", "<>c__DisplayClass3_0.<Pay>b__1", "<>c.<Pay>"),
        ("php", "App\\Shop::{closure}", "App\\Shop::{closure}"),
        ("php", "{closure:App\\Shop::pay():12}", ANONYMOUS),
        ("php", "class@anonymous\x00/srv/shop.php:12$0::pay", "class@anonymous"),
        ("ruby", "block (2 levels) in pay", "pay"),
        ("ruby", "rescue in block in pay", "pay"),
        ("ruby", "_app_views_cart_html_erb__3412_1020", "_app_views_cart_html_erb"),
        ("go", "(*Cart).Pay.func2.1", "(*Cart).Pay.func"),
        ("go", "main.func1", "main.func"),
        ("native", "shop::pay(int, std::vector<int> const&) const", "shop::pay"),
        ("native", "std::vector<std::pair<int, int>>::at", "std::vector::at"),
        ("native", "shop::pay::h0123456789abcdef", "shop::pay"),
        ("native", "shop::pay::{{closure}}", "shop::pay::{closure}"),
        ("native", "-[Cart pay:]", "-[Cart pay:]"),
        ("other", "handler_172839", "handler_#"),
        ("other", "Cart@1f2e3d.pay", "Cart.pay"),
        ("other", None, ANONYMOUS),
    ],
)
def test_a_function_is_called_the_same_in_every_build(family, function, name):
    assert name_of(function, family) == name


@pytest.mark.parametrize(
    ("family", "module", "filename", "place"),
    [
        ("python", "shop.payments", "shop/payments.py", "shop.payments"),
        ("python", "__main__", "/srv/run.py", "run.py"),
        ("python", None, "/srv/releases/20261101/shop/payments.py", "payments.py"),
        ("python", None, "/srv/shop/__init__.py", "shop/__init__.py"),
        ("python", None, "<string>", "<string>"),
        ("python", None, "<ipython-input-12-3fa9b2>", "<ipython-input>"),
        ("java", "com.shop.Cart$$Lambda$14/0x0000000800c8", None, "com.shop.Cart$$Lambda"),
        ("java", "com.shop.Cart$$EnhancerBySpringCGLIB$$1f2e3d4c", None, "com.shop.Cart$$EnhancerBySpringCGLIB"),
        ("java", "com.sun.proxy.$Proxy142", None, "com.sun.proxy.$Proxy"),
        (
            "java",
            "jdk.internal.reflect.GeneratedMethodAccessor12",
            None,
            "jdk.internal.reflect.GeneratedMethodAccessor",
        ),
        ("go", "github.com/shop/cart/v2", None, "github.com/shop/cart"),
        ("javascript", "app-BfK3_a9Q", None, "app"),
        ("javascript", None, "https://shop.example/_next/static/chunks/412.3f2a1bcd.js", "#.js"),
        ("javascript", None, "https://shop.example/app.3f2a1b.js", "app.js"),
        ("javascript", None, "https://shop.example/vendors~app.3f2a1b.chunk.js", "vendors~app.chunk.js"),
        ("javascript", None, "https://shop.example/jquery-3.6.0.min.js?v=1", "jquery.min.js"),
        ("javascript", None, "webpack-internal:///./src/cart/index.tsx", "cart/index.tsx"),
        ("javascript", None, "file:///C:/app/main-dashboard.js", "main-dashboard.js"),
        ("javascript", None, "https://shop.example/user-UserList.js", "user-userlist.js"),
        ("javascript", None, "https://shop.example/", ""),
        ("javascript", None, "<anonymous>", ""),
        ("javascript", None, "[native code]", ""),
        ("php", None, "/srv/Cart.php(12) : eval()'d code", "cart.php"),
        ("csharp", None, "C:\\src\\Shop\\Cart.cs", "cart.cs"),
        ("other", None, None, ""),
    ],
)
def test_a_place_is_called_the_same_on_every_host_and_in_every_release(family, module, filename, place):
    assert place_of(module, filename, family) == place


@pytest.mark.parametrize(
    ("line", "kept"),
    [("  a =  b\n", "a = b"), ("x" * 121, ""), ("function(){ {snip} }", ""), (None, ""), ("y" * 9_999, "")],
)
def test_a_source_line_stands_in_only_if_it_is_one_line_of_code(line, kept):
    assert line_of(line) == kept


@pytest.mark.parametrize(
    ("module", "filename", "library"),
    [
        (None, "/app/node_modules/x/y.js", True),
        (None, "node:internal/process", True),
        ("java.util.ArrayList", "ArrayList.java", True),
        ("javabeans.Shop", "Shop.java", False),
        (None, "/app/vendor/laravel/x.php", True),
        (None, "/app/vendors/list.py", False),
        (None, None, True),
        ("shop.cart", "shop/cart.py", False),
    ],
)
def test_libraries_are_known_by_where_they_live(module, filename, library):
    assert is_library(module, filename) is library
