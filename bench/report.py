"""Statistics of the samples, as a table for people and as JSON for programs."""

import statistics

from benchmarks import MORE


def quartiles(values):
	return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else list(values) * 3


def against(values, twin, read_as):
	"""Round by round, so that what the machine did meanwhile falls out: factors, or what it is more."""
	return [guest - native if read_as == MORE else guest / native for guest, native in zip(values, twin)]


def spread(values):
	low, median, high = quartiles(values)
	return {"median": median, "quartiles": [low, high], "least": min(values), "most": max(values)}


def summary(benchmark, sides, samples, troubles):
	"""One benchmark as JSON has it. samples, troubles: by the side's name."""
	results = []
	for side in sides:
		result = {"side": side.name, "guest": side.guest, "trap": side.trap, "rewriting": side.rewriting,
			  "peer": side.peer, "floor": side.floor, "twin": None if side.native else side.twin}
		values = samples.get(side.name, [])
		if side.name in troubles:
			result["trouble"] = troubles[side.name]
		elif values:
			result |= {"samples": values, "own": spread(values)}
			twin = samples.get(side.twin, []) if not side.native else []
			if twin:
				result["against"] = spread(against(values, twin, benchmark.read_as))
				aim = benchmark.aims.get(side.trap) if side.rewriting else None
				result |= {} if aim is None else {"aim": aim, "within": result["against"]["median"] <= aim}
		results.append(result)
	return {"name": benchmark.name, "group": benchmark.group, "unit": benchmark.unit, "read_as": benchmark.read_as,
		"pinned": benchmark.pinned, "results": results}


def figure(value):
	return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) >= 100 else f"{value:.2f}"


def cell(one, result):
	"""1.18 (1.15..1.21): median and quartiles; + before what is more and no factor; ! where it is over its aim."""
	if "trouble" in result:
		return "failed"
	if "against" not in result:
		return "-"
	seen, sign = result["against"], "+" if one["read_as"] == MORE else ""
	low, high = seen["quartiles"]
	over = "!" if result.get("within") is False else ""
	return f"{sign}{figure(seen['median'])}{over} ({figure(low)}..{figure(high)})"


def columns(everything, guest):
	"""The names of the sides of one guest, in the order they were measured."""
	names = []
	for one in everything["benchmarks"]:
		for result in one["results"]:
			if result["guest"] == guest and result["twin"] and result["side"] not in names:
				names.append(result["side"])
	return names


def guest_rows(everything, guest, names):
	rows = []
	for one in everything["benchmarks"]:
		found = {result["side"]: result for result in one["results"]}
		if not any("own" in found.get(name, {}) or "trouble" in found.get(name, {}) for name in names):
			continue
		twin = next((found.get(found[name]["twin"], {}) for name in names if name in found), {})
		native = f"{figure(twin['own']['median'])} {one['unit']}" if "own" in twin else "-"
		rows.append([one["name"], native, *(cell(one, found[name]) if name in found else "-" for name in names)])
	return rows


def aligned(rows):
	widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
	for row in rows:
		first, *others = (text.ljust(width) if not n else text.rjust(width)
				  for n, (text, width) in enumerate(zip(row, widths)))
		yield "  ".join([first, *others]).rstrip()


def lines(everything):
	"""The whole report: a table for each guest, then what failed, was skipped, or is over its aim."""
	host = everything["host"]
	yield (f"{host['system']} {host['release']}, {host['machine']}, {host['processors']} processors; {everything['rounds']} "
	       f"rounds in turns, load {everything['load']:.1f} at the end")
	yield "Against native in the same round: median (quartiles); + more, not times; ! over the aim."
	for guest in everything["guests"]:
		names = columns(everything, guest)
		if names:
			heads = [name.removeprefix(guest + " ") for name in names]
			yield ""
			yield from aligned([[guest, "native", *heads], *guest_rows(everything, guest, names)])
	remarks = []
	for one in everything["benchmarks"]:
		for result in one["results"]:
			if "trouble" in result:
				remarks.append(f"failed: {one['name']}, {result['side']}: {result['trouble']}")
			elif result.get("within") is False:
				remarks.append(f"over its aim: {one['name']}, {result['side']}: "
					       f"{figure(result['against']['median'])}, aim {figure(result['aim'])}")
	remarks += [f"skipped: {what}: {why}" for what, why in everything["skipped"]]
	if remarks:
		yield ""
		yield from remarks
