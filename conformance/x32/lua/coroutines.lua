-- Coroutines, generators, schedulers, errors through them; hooks and a queue of work.
local function gen(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local total = 0; for i in gen(10000) do total = total + i end; print(total)
local co = coroutine.create(function(a, b) print("start", a, b); local c = coroutine.yield(a + b); print("then", c); local d, e = coroutine.yield(c * 2); print("last", d, e); return "done", d end)
print(coroutine.resume(co, 1, 2)); print(coroutine.status(co)); print(coroutine.resume(co, 10)); print(coroutine.resume(co, "x", "y")); print(coroutine.status(co), coroutine.resume(co)); print(coroutine.isyieldable(), coroutine.running() ~= nil)
print(coroutine.resume(coroutine.create(function() error("inside", 0) end))); print(pcall(coroutine.wrap(function() error({}) end)) == false)
local c = coroutine.create(function() local guard <close> = setmetatable({}, {__close = function(_, e) print("closing", e) end}); coroutine.yield() end); coroutine.resume(c); print(coroutine.close(c), coroutine.status(c))
print(coroutine.resume(coroutine.create(function() return pcall(function() coroutine.yield("through pcall"); error("after", 0) end) end)))
local function permute(a, n) n = n or #a; if n <= 1 then coroutine.yield(table.concat(a)) else for i = 1, n do a[n], a[i] = a[i], a[n]; permute(a, n - 1); a[n], a[i] = a[i], a[n] end end end
local all = {}; for p in coroutine.wrap(function() permute({"a", "b", "c", "d", "e"}) end) do all[#all + 1] = p end; table.sort(all); print(#all, all[1], all[60], all[120])

local ready, log = {}, {}
local function spawn(name, steps) ready[#ready + 1] = {name = name, co = coroutine.create(function() for i = 1, steps do log[#log + 1] = name .. i; coroutine.yield() end end)} end
for i = 1, 200 do spawn("t" .. i .. ".", i % 7 + 1) end
while #ready > 0 do local task = table.remove(ready, 1); coroutine.resume(task.co); if coroutine.status(task.co) ~= "dead" then ready[#ready + 1] = task end end
print(#log, log[1], log[200], log[201], log[#log])

local many = {}; for i = 1, 5000 do many[i] = coroutine.wrap(function() local n = i; while true do n = n + coroutine.yield(n) end end); many[i]() end
local sum = 0; for round = 1, 5 do for i = 1, 5000 do sum = sum + many[i](round) end end; print(sum)
local depth = 0; local function nest(n) if n == 0 then return "bottom" end; return coroutine.wrap(nest)(n - 1) end; print(nest(150))
print(select(2, pcall(function() local function f() return coroutine.wrap(f)() end; return f() end)):match("C stack overflow"))
local lines = 0; debug.sethook(function() lines = lines + 1 end, "l")
for i = 1, 10 do
	local x = i
end
debug.sethook(); print(lines); print(debug.traceback("trace", 1):match("^trace\nstack traceback:") ~= nil, debug.getinfo(gen).what, debug.getlocal(gen, 1))
local chars = setmetatable({}, {__index = function(t, k) local v = k:rep(2); rawset(t, k, v); return v end, __newindex = function(t, k, v) rawset(t, k, v .. "!") end, __pairs = function(t) return function(_, k) if not k then return 1, "one" end end, t, nil end})
chars.z = "z"; print(chars.a, rawget(chars, "a"), chars.z); for k, v in pairs(chars) do print(k, v) end
error(setmetatable({}, {__tostring = function() return "the end by an error" end}))
