"""The chart: a panel for each guest, a row for each benchmark, a mark for each way of running, on a log scale."""

import math
from html import escape

# (trap, rewriting, peer): what the legend says, colour, shape. Colours that the colour-blind tell apart.
SERIES = {
	("sud", True, False): ("SUD, rewritten", "#0072b2", "circle"),
	("seccomp", True, False): ("seccomp, rewritten", "#d55e00", "circle"),
	("sud", False, False): ("SUD, trap only", "#56b4e9", "square"),
	("seccomp", False, False): ("seccomp, trap only", "#e69f00", "square"),
	("", True, True): ("qemu-i386", "#666666", "diamond"),
}
TITLES = {"freebsd": "FreeBSD/amd64 programs", "linux-x86_64": "Linux x86-64 programs, translated",
	  "linux-i386": "Linux i386 programs"}
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
ROW, LEFT, PLOT, RIGHT, TOP, GAP = 20, 190, 560, 80, 84, 58


class Scale:
	"""From a ratio to a place along the plot."""

	def __init__(self, values):
		low = max((tick for tick in TICKS if tick <= min([*values, 0.8])), default=TICKS[0])
		high = min((tick for tick in TICKS if tick >= max([*values, 2])), default=TICKS[-1])
		self.ticks = [tick for tick in TICKS if low <= tick <= high]
		self.low, self.width = low, math.log(high / low)

	def at(self, value):
		value = min(max(value, self.ticks[0]), self.ticks[-1])
		return LEFT + PLOT * math.log(value / self.low) / self.width


def text(x, y, words, anchor="start", size=12, colour="#222", weight="normal"):
	return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" '
		f'font-weight="{weight}">{escape(words)}</text>')


def mark(x, y, colour, shape):
	if shape == "circle":
		return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}"/>'
	if shape == "square":
		return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'
	return f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5z" fill="{colour}"/>'


def panels(everything):
	"""[(guest, [(benchmark's name, [(series, spread)])])] of what is a ratio."""
	for guest in everything["guests"]:
		rows = []
		for one in everything["benchmarks"]:
			marks = [((r["trap"], r["rewriting"], r["peer"]), r["against"]) for r in one["results"]
				 if one["read_as"] == "ratio" and r["guest"] == guest and "against" in r and not r.get("floor")]
			if marks:
				rows.append((one["name"], marks))
		if rows:
			yield guest, rows


def one_row(name, marks, y, scale, striped):
	if striped:
		yield f'<rect x="8" y="{y - ROW / 2:.1f}" width="{LEFT + PLOT + RIGHT - 16}" height="{ROW}" fill="#f4f4f4"/>'
	yield text(LEFT - 10, y + 4, name, "end")
	for series, seen in marks:
		colour = SERIES[series][1]
		low, high = (scale.at(value) for value in seen["quartiles"])
		yield f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2"/>'
	# The first series last, so that it lies on top.
	for series, seen in reversed(marks):
		yield mark(scale.at(seen["median"]), y, *SERIES[series][1:])
	yield text(LEFT + PLOT + 10, y + 4, f"{marks[0][1]['median']:.2f}x")


def panel(guest, rows, y, scale):
	yield text(LEFT, y - 22, TITLES[guest], size=14, weight="bold")
	yield text(LEFT + PLOT + RIGHT - 10, y - 22, SERIES[rows[0][1][0][0]][0], "end", 10, "#555")
	bottom = y + ROW * len(rows)
	stripes = [line for n, (name, marks) in enumerate(rows)
		   for line in one_row(name, marks, y + ROW * (n + 0.5), scale, n % 2 == 0)]
	yield from (line for line in stripes if "#f4f4f4" in line)
	for tick in scale.ticks:
		colour, width = ("#222", 1.5) if tick == 1 else ("#ccc", 1)
		x = scale.at(tick)
		yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{bottom}" stroke="{colour}" stroke-width="{width}"/>'
		yield text(x, y - 5, f"{tick:g}x", "middle", 10, "#555")
	yield from (line for line in stripes if "#f4f4f4" not in line)


def legend(used, y):
	x = 24
	for series in SERIES:
		if series in used:
			label, colour, shape = SERIES[series]
			yield mark(x, y - 4, colour, shape)
			yield text(x + 10, y, label)
			x += 30 + 7 * len(label)


def svg(everything):
	found = list(panels(everything))
	values = [value for _, rows in found for _, marks in rows for _, seen in marks for value in seen["quartiles"]]
	used = {series for _, rows in found for _, marks in rows for series, _ in marks}
	scale = Scale(values)
	width = LEFT + PLOT + RIGHT
	height = TOP + sum(ROW * len(rows) + GAP for _, rows in found)
	host = everything["host"]
	body = [text(16, 26, "Time taken, against the same done natively", size=17, weight="bold"),
		text(16, 44, f"Medians and quartiles of {everything['rounds']} rounds in turns; 1x is native speed, smaller is "
		     f"better. {host['system']} {host['release'].split('-')[0]}, {host['machine']}.", colour="#555"),
		*legend(used, 64)]
	y = TOP + 30
	for guest, rows in found:
		body += panel(guest, rows, y, scale)
		y += ROW * len(rows) + GAP
	return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
			  f'viewBox="0 0 {width} {height}" font-family="sans-serif">',
			  f'<rect width="{width}" height="{height}" fill="white"/>', *body, "</svg>", ""])
