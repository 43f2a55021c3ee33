"""A page on paper: HTML becomes PDF, if the machine can.

WeasyPrint needs the system's Pango (Debian: libpango-1.0-0, libpangoft2-1.0-0) and a Chinese font
(fonts-noto-cjk). Without Pango nothing breaks: :func:`to_pdf` says why there is no PDF, and the caller keeps HTML.
"""

from functools import cache

CSS = """
@page { size: A4; margin: 20mm 18mm 22mm; @bottom-center { content: "第 " counter(page) " 页，共 " counter(pages) " 页"; font-size: 9pt; color: #555 }
  @bottom-right { content: string(mark); font-size: 8pt; color: #777 } }
body { font-family: "Noto Serif CJK SC", "Source Han Serif SC", "Noto Sans CJK SC", "FandolSong", "WenQuanYi Zen Hei", serif; font-size: 10.5pt; line-height: 1.6 }
h1 { font-size: 16pt; text-align: center; margin: 0 0 6mm } h2 { font-size: 12pt; margin: 6mm 0 2mm }
table { width: 100%; border-collapse: collapse } th, td { border: 0.5pt solid #888; padding: 1.2mm 2mm; text-align: left; vertical-align: top }
th { width: 24mm; font-weight: normal; background: #f3f3f3 } tr { break-inside: avoid }
.mark { string-set: mark content(); font-size: 8pt; color: #777 } .muted { color: #666; font-size: 9pt }
.watermark { position: fixed; top: 40%; left: 0; right: 0; text-align: center; transform: rotate(-30deg); font-size: 30pt; color: rgba(0, 0, 0, 0.08) }
"""


@cache
def why_no_pdf() -> str:
    """Return why this machine makes no PDF, in Chinese; "" if it does."""
    try:
        import weasyprint  # noqa: F401  # the import itself is the question
    except ImportError:
        return "没有安装 weasyprint"
    except OSError:
        return "系统缺少 Pango（Debian：libpango-1.0-0 和 libpangoft2-1.0-0）"
    return ""


def to_pdf(html: str) -> bytes | None:
    """Return a page as PDF, with fonts inside; None where the machine cannot (:func:`why_no_pdf`).

    Nothing is fetched for it: neither from the network nor from this machine.
    """
    if why_no_pdf():
        return None
    import weasyprint
    from weasyprint.urls import URLFetcher

    nothing = URLFetcher(allowed_protocols=())
    page = weasyprint.HTML(string=html, base_url="about:blank", url_fetcher=nothing)
    made: bytes = page.write_pdf(stylesheets=[weasyprint.CSS(string=CSS, url_fetcher=nothing)])
    return made
