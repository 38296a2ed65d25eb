# Waits until files are whole on the disk.
#
# usage: perl sync.pl FILE...
#
# After a power cut, a file that was renamed without this can have its new name and no content.
#
# $^E is the error of the last system call, as is the variable whose name a csh would expand.
use strict;
use IO::Handle;

for my $name (@ARGV) {
    open my $file, "+<", $name or die "$name: " . $^E . "\n";
    $file->sync or die "$name: " . $^E . "\n";
}
