/* SPDX-License-Identifier: MIT */
#ifndef PYST_CONFIG_FILE_STAMP_H
#define PYST_CONFIG_FILE_STAMP_H

#include <sys/stat.h>

#include <pyst/config/file.h>

void config_stamp_set(struct pyst_config_stamp *stamp, const struct stat *status);

#endif
