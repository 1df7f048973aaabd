#!/usr/bin/env bash
# Installs what the tests need from Debian; says exactly what is missing where it may not.
set -euo pipefail

declare -A package_of=(
  [mosquitto]=mosquitto
  [chromium]=chromium
  [initdb]=postgresql
  [noto-cjk]=fonts-noto-cjk
  [pulseaudio]=pulseaudio
  [parec]=pulseaudio-utils
  [portaudio]=libportaudio2
  [alsa-pulse]=libasound2-plugins
  [ffprobe]=ffmpeg
  [python3-gi]=python3-gi
  [gst-rtsp-server]=gir1.2-gst-rtsp-server-1.0
  [gst-app]=gstreamer1.0-plugins-base
  [gst-rtp]=gstreamer1.0-plugins-good
  [glib-tls]=glib-networking
)

library() {
  compgen -G "/usr/lib/*/$1" >/dev/null
}

have() {
  case "$1" in
    mosquitto) [ -x /usr/sbin/mosquitto ] || command -v mosquitto >/dev/null ;;
    initdb) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    noto-cjk) compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null ;;
    portaudio) library libportaudio.so.2 ;;
    alsa-pulse) library alsa-lib/libasound_module_pcm_pulse.so ;;
    python3-gi) [ -d /usr/lib/python3/dist-packages/gi ] ;;
    gst-rtsp-server) library girepository-1.0/GstRtspServer-1.0.typelib ;;
    gst-app) library gstreamer-1.0/libgstapp.so ;;
    gst-rtp) library gstreamer-1.0/libgstrtp.so ;;
    glib-tls) library gio/modules/libgiognutls.so || library gio/modules/libgioopenssl.so ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
for tool in "${!package_of[@]}"; do
  have "$tool" || missing+=("${package_of[$tool]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "The tests need Debian packages that are not installed, and this user may not install them. Run:" >&2
    echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# A package must not start a service of its own: the tests start what they need on free ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
