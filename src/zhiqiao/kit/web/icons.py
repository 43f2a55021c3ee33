"""Names of the icons on the sheet `frontend/css/icons.css`; a test keeps the two equal."""

ICONS = frozenset(
    """
    accessibility a-large-small archive arrow-left arrow-right atom award ban bell bookmark building calendar-days
    chart-bar chart-line check chevron-down chevron-left chevron-right circle-alert circle-check circle-help
    circle-x clipboard-list clock clock-alert columns-3 copy download ellipsis external-link eye eye-off file-check
    file-spreadsheet file-text filter flag flask-conical funnel globe graduation-cap handshake heart-handshake history
    house id-card inbox info keyboard landmark bulb link list-checks lock log-in log-out mail map-pin menu
    message-square microscope minus monitor moon paperclip pause pencil phone play plus printer refresh-cw
    reply scan-search search send settings shield-check sitemap sliders-horizontal sparkles star sun tag target thumbs-up
    trash-2 triangle-alert undo-2 upload user users video workflow x
    """.split()
)
