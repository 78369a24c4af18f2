// What throwing.cc and its plug-in share.
#include <string>

struct Mine {
	std::string text;
};

struct Shape {
	virtual double area(double size) const = 0;
	virtual ~Shape() = default;
};

struct Named {
	std::string name;
	virtual ~Named() = default;
};
