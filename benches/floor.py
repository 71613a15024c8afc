# owned by the figures engineer (in progress): do not write this file
