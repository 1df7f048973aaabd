"""Which GPIO does what (docs/firmware.md, "Wiring"; a test keeps the two the same).

Chosen around what the module itself needs: 26 to 37 are flash and octal PSRAM, 19 and 20 USB, 0, 3, 45 and 46
decide how the chip starts: of these 3, 45 and 46 go to the microphone, whose clock inputs pull nothing and whose data
pin is open until it is clocked, and 0 to the amplifier, whose inputs pull nothing either. The camera takes the pins
that common camera modules give it. That leaves none: the light hangs on the charger's line, which either of them pulls
low, and nobody writes to the GNSS receiver.
"""

BUTTON = 21  # to ground, pulled up
MOTOR = 14  # gate of the motor's transistor, PWM
BATTERY_ADC = 1  # through a divider of DIVIDER
LED_CHARGING = 2  # open drain of the charger, low while charging; the light is lit by it, and by the unit
GNSS_RX = 41  # from the receiver's TX
MODEM_TX = 43
MODEM_RX = 44
MODEM_PWRKEY = 47
SD_CLK = 39
SD_CMD = 38
SD_D0 = 40
MIC_SCK = 45
MIC_WS = 46
MIC_SD = 3
SPEAKER_SCK = 48  # the amplifier's BCLK
SPEAKER_WS = 42  # its LRC
SPEAKER_SD = 0  # its DIN

DIVIDER = 2
MOTOR_HZ = 200
GNSS_UART = 1
GNSS_BAUD = 9600
MODEM_UART = 2
MODEM_BAUD = 921600
CAMERA_XCLK_HZ = 20_000_000
