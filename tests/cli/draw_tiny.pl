#!/usr/bin/perl
# Tiny PNG images for the command-line tests, with nothing but perl-base:
#   draw_tiny.pl FOLDER N
# writes FOLDER/p00.png, ... (noise with a red, green or blue tint) and FOLDER/photos.csv.
use strict;
use warnings;

my ($folder, $n) = @ARGV;
my @class = qw(red green blue);
my $noise = 12345;
sub noise { ($noise = ($noise * 1103515245 + 12345) & 0x7fffffff) >> 16 }

my @crc_table = map {
    my $c = $_;
    $c = $c & 1 ? 0xedb88320 ^ ($c >> 1) : $c >> 1 for 1 .. 8;
    $c
} 0 .. 255;

sub chunk {
    my ($type, $data) = @_;
    my $crc = 0xffffffff;
    $crc = $crc_table[($crc ^ $_) & 255] ^ ($crc >> 8) for unpack 'C*', $type . $data;
    return pack('N', length $data) . $type . $data . pack('N', $crc ^ 0xffffffff);
}

# A zlib stream of one stored block: no compression needed.
sub zlib {
    my ($data) = @_;
    my ($a, $b) = (1, 0);
    for (unpack 'C*', $data) {
        $a = ($a + $_) % 65521;
        $b = ($b + $a) % 65521;
    }
    my $length = length $data;
    return "\x78\x01\x01" . pack('vv', $length, $length ^ 0xffff) . $data . pack('nn', $b, $a);
}

open my $csv, '>', "$folder/photos.csv" or die "$folder/photos.csv: $!";
print $csv "image,label\n";
for my $i (0 .. $n - 1) {
    my ($width, $height, $tint) = (20 + $i % 5, 18 + $i % 7, $i % 3);
    my $rows = '';
    for (1 .. $height) {
        $rows .= "\0" . pack 'C*', map { noise() % 180 + ($_ % 3 == $tint ? 50 : 0) } 0 .. 3 * $width - 1;
    }
    my $name = sprintf 'p%02d.png', $i;
    open my $png, '>:raw', "$folder/$name" or die "$folder/$name: $!";
    print $png "\x89PNG\r\n\x1a\n", chunk('IHDR', pack('NNCCCCC', $width, $height, 8, 2, 0, 0, 0)),
        chunk('IDAT', zlib($rows)), chunk('IEND', '');
    close $png or die "$folder/$name: $!";
    print $csv "$name,$class[$tint]\n";
}
close $csv or die "$folder/photos.csv: $!";
