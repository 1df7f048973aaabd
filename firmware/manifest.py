"""What is frozen into the image of the unit: everything but the simulated board and main.py.

make -C ports/esp32 BOARD=ESP32_GENERIC_S3 BOARD_VARIANT=SPIRAM_OCT FROZEN_MANIFEST=<here>/manifest.py
"""

metadata(description="Tipstaff body-worn unit", version="0.1.0")  # noqa: F821
include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821
package("protocol", base_path="..")  # noqa: F821
for _name in ("bodyunit", "drivers", "mqtt", "recording", "store"):
    package(_name, base_path=".")  # noqa: F821
package(  # noqa: F821
    "boards",
    base_path=".",
    files=(
        "__init__.py",
        "esp32s3/__init__.py",
        "esp32s3/at.py",
        "esp32s3/board.py",
        "esp32s3/media.py",
        "esp32s3/net.py",
        "esp32s3/pins.py",
        "esp32s3/power.py",
    ),
)
