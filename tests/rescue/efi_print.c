/* An EFI program in the kernel's place: sets the variables that it was built with, prints what it was given, turns off. */
typedef unsigned short u16;
typedef unsigned long long u64;
#define MS __attribute__((ms_abi))
#ifndef VARIABLES
#define VARIABLES
#endif
static unsigned char loaded_image[16] = {0xa1, 0x31, 0x1b, 0x5b, 0x62, 0x95, 0xd2, 0x11,
                                         0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b};
static unsigned char loader[16] = {0x67, 0xb0, 0x82, 0x4a, 0x4c, 0x0a, 0xcf, 0x41,
                                   0xb6, 0xc7, 0x44, 0x0b, 0x29, 0xbb, 0x8c, 0x4f};

MS u64 efi_main(void *image, char *system)
{
    char *console = *(char **)(system + 64), *runtime = *(char **)(system + 88), *boot = *(char **)(system + 96);
    MS u64 (*print)(void *, u16 *) = *(void **)(console + 8);
    MS u64 (*protocol)(void *, void *, void **) = *(void **)(boot + 152);
    MS u64 (*set)(u16 *, void *, unsigned, u64, void *) = *(void **)(runtime + 88);
    MS void (*reset)(int, u64, u64, void *) = *(void **)(runtime + 104);
    char *loaded = 0;
#define SET(name, value) \
    if (set(name, loader, 7, sizeof(value), value)) \
        print(console, u"a variable was not set\r\n");
    VARIABLES
    protocol(image, loaded_image, (void **)&loaded);
    unsigned size = *(unsigned *)(loaded + 48) / 2;
    u16 *words = *(u16 **)(loaded + 56), one[2] = {0, 0};
    print(console, u"\r\n[words:");
    for (unsigned i = 0; i < size && words[i]; i++) {
        one[0] = words[i];
        print(console, one);
    }
    print(console, u":words]\r\n");
    reset(2, 0, 0, 0);
    return 0;
}
/* A pointer, so that the linker writes relocations: firmware loads no program without them away from its base. */
void *relocated = loader;
