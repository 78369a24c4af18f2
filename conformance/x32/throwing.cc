// C++: exceptions, types and objects across a library that is loaded at run time.
#include <dlfcn.h>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "throwing.h"

extern "C" int from_program(int n)
{
	if (n == 0)
		throw Mine{"the program, through the plug-in"};
	return n;
}

int main(int, char **argv)
{
	void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
	if (!plugin) {
		std::cout << "no plug-in\n";
		return 1;
	}
	auto make = reinterpret_cast<Shape *(*)(const char *)>(dlsym(plugin, "make"));
	auto fail = reinterpret_cast<void (*)(int)>(dlsym(plugin, "fail"));
	auto back = reinterpret_cast<int (*)(int)>(dlsym(plugin, "back"));
	for (int kind = 0; kind < 3; kind++) {
		try {
			fail(kind);
		} catch (const Mine &e) {
			std::cout << "mine: " << e.text << "\n";
		} catch (const std::exception &e) {
			std::cout << "standard: " << e.what() << "\n";
		} catch (...) {
			std::cout << "something\n";
		}
	}
	for (int n : {3, 0}) {
		try {
			std::cout << "back " << back(n) << "\n";
		} catch (const Mine &e) {
			std::cout << "mine: " << e.text << "\n";
		}
	}
	Shape *shape = make("square");
	std::cout << shape->area(1.5) << " " << (dynamic_cast<Named *>(shape) ? dynamic_cast<Named *>(shape)->name : "?") << "\n";
	delete shape;
	std::vector<std::thread> threads;
	std::vector<int> caught(6);
	for (int i = 0; i < 6; i++)
		threads.emplace_back([&, i] {
			for (int k = 0; k < 200; k++)
				try { fail(k % 3); } catch (...) { caught[i]++; }
		});
	for (auto &t : threads)
		t.join();
	for (int n : caught)
		std::cout << n << " ";
	std::cout << dlclose(plugin) << "\n";
	return dlopen("./no such library", RTLD_NOW) ? 1 : 9;
}
