"""Plans for the boot: kernel words, loaders, images, a second entry."""
