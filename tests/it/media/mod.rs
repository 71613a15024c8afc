//! The media plane: scripts in virtual time, and one real path through sockets.

mod dtmf;
mod hold;
mod plane;
mod recording;
mod rig;
mod wire;
