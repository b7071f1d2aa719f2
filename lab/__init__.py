"""An estate of simulated devices on real sockets; stands alone, imports no other room."""
