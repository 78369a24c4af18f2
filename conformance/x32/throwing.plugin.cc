#include <iostream>
#include <stdexcept>

#include "throwing.h"

extern "C" int from_program(int n);

struct Square : Named, Shape {
	double area(double size) const override { return size * size; }
	~Square() override { std::cout << "end of " << name << "\n"; }
};

static thread_local std::string thrown = "the plug-in";

extern "C" Shape *make(const char *name)
{
	auto *made = new Square;
	made->name = name;
	return made;
}

extern "C" void fail(int kind)
{
	if (kind == 0)
		throw Mine{thrown};
	if (kind == 1)
		throw std::runtime_error("run time");
	throw kind;
}

extern "C" int back(int n)
{
	struct Guard { ~Guard() { std::cout << "left\n"; } } guard;
	return from_program(n) + 1;
}
