#include "elf_image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void
set_load(Elf64_Phdr *p, uint32_t flags, uint64_t offset, uint64_t vaddr, uint64_t filesz,
	 uint64_t memsz)
{
	*p = (Elf64_Phdr){.p_type = PT_LOAD,
			  .p_flags = flags,
			  .p_offset = offset,
			  .p_vaddr = vaddr,
			  .p_paddr = vaddr,
			  .p_filesz = filesz,
			  .p_memsz = memsz,
			  .p_align = 0x1000};
}

void
image_set_note(struct elf_image *im, const char *name, uint32_t type, const void *desc,
	       uint32_t len)
{
	Elf64_Nhdr nh = {.n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = len, .n_type = type};
	unsigned char *p = im->bytes + IMAGE_NOTE_AT;
	size_t name_room = (nh.n_namesz + 3) & ~(size_t)3;

	memset(p, 0, IMAGE_INTERP_AT - IMAGE_NOTE_AT);
	memcpy(p, &nh, sizeof nh);
	memcpy(p + sizeof nh, name, nh.n_namesz);
	memcpy(p + sizeof nh + name_room, desc, len);
	im->ph[IMAGE_NOTE].p_filesz = sizeof nh + name_room + len;
}

static void
fill(struct elf_image *im, uint16_t type, uint64_t base)
{
	static const unsigned char ident[EI_NIDENT] = {
		0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT, 9 /* FreeBSD */};
	static const uint32_t osreldate = 1302001;

	memset(im, 0, sizeof *im);
	im->size = sizeof im->bytes;
	memcpy(im->eh.e_ident, ident, sizeof ident);
	im->eh.e_type = type;
	im->eh.e_machine = EM_X86_64;
	im->eh.e_version = EV_CURRENT;
	im->eh.e_entry = base + IMAGE_TEXT_AT + 0x10;
	im->eh.e_phoff = sizeof im->eh;
	im->eh.e_ehsize = sizeof im->eh;
	im->eh.e_phentsize = sizeof *im->ph;
	im->eh.e_phnum = IMAGE_NHEADERS;
	im->ph[IMAGE_NOTE] = (Elf64_Phdr){.p_type = PT_NOTE,
					  .p_flags = PF_R,
					  .p_offset = IMAGE_NOTE_AT,
					  .p_vaddr = base + IMAGE_NOTE_AT,
					  .p_align = 4};
	image_set_note(im, "FreeBSD", 1, &osreldate, sizeof osreldate);
	set_load(&im->ph[IMAGE_HEAD], PF_R, 0, base, 0x400, 0x400);
	set_load(&im->ph[IMAGE_TEXT], PF_R | PF_X, IMAGE_TEXT_AT, base + IMAGE_TEXT_AT, 0x1000,
		 0x1000);
	set_load(&im->ph[IMAGE_DATA_SEGMENT], PF_R | PF_W, IMAGE_DATA_AT, base + 0x3010, IMAGE_DATA,
		 IMAGE_BSS);
	im->ph[IMAGE_STACK] =
		(Elf64_Phdr){.p_type = 0x6474e551 /* PT_GNU_STACK */, .p_flags = PF_R | PF_W};
	memset(im->bytes + IMAGE_TEXT_AT, 0xcc, 0x1000);
	for (unsigned n = 0; n < IMAGE_DATA; n++)
		im->bytes[IMAGE_DATA_AT + n] = (unsigned char)(n + 1);
}

void
image_static(struct elf_image *im)
{
	fill(im, ET_EXEC, IMAGE_BASE);
}

void
image_dynamic(struct elf_image *im, const char *interp)
{
	fill(im, ET_DYN, 0);
	if (!interp)
		return;
	im->ph[im->eh.e_phnum++] = (Elf64_Phdr){.p_type = PT_INTERP,
						.p_flags = PF_R,
						.p_offset = IMAGE_INTERP_AT,
						.p_filesz = strlen(interp) + 1};
	memcpy(im->bytes + IMAGE_INTERP_AT, interp, strlen(interp) + 1);
}

void
image_narrow(struct elf_image *im, uint16_t machine)
{
	const Elf64_Ehdr wide = im->eh;
	Elf64_Phdr ph[IMAGE_HEADERS];
	Elf32_Ehdr eh = {.e_type = wide.e_type,
			 .e_machine = machine,
			 .e_version = wide.e_version,
			 .e_entry = (uint32_t)wide.e_entry,
			 .e_phoff = sizeof eh,
			 .e_ehsize = sizeof eh,
			 .e_phentsize = sizeof(Elf32_Phdr),
			 .e_phnum = wide.e_phnum};

	memcpy(ph, im->ph, sizeof ph);
	memcpy(eh.e_ident, wide.e_ident, sizeof eh.e_ident);
	eh.e_ident[EI_CLASS] = ELFCLASS32;
	memset(im->bytes, 0, sizeof wide + sizeof ph);
	memcpy(im->bytes, &eh, sizeof eh);
	for (unsigned n = 0; n < wide.e_phnum; n++) {
		const Elf32_Phdr p = {.p_type = ph[n].p_type,
				      .p_flags = ph[n].p_flags,
				      .p_offset = (uint32_t)ph[n].p_offset,
				      .p_vaddr = (uint32_t)ph[n].p_vaddr,
				      .p_paddr = (uint32_t)ph[n].p_paddr,
				      .p_filesz = (uint32_t)ph[n].p_filesz,
				      .p_memsz = (uint32_t)ph[n].p_memsz,
				      .p_align = (uint32_t)ph[n].p_align};

		memcpy(im->bytes + sizeof eh + n * sizeof p, &p, sizeof p);
	}
}

int
image_file(const void *bytes, size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || fchmod(fd, 0755) < 0)
		abort();
	return fd;
}
