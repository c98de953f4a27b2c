#!/usr/bin/perl
# Fails if two files of a crate use each other, directly or through others, and prints the circle.
#
#   check-circles.pl SRC ...     each SRC is the folder of a crate's lib.rs
#
# A file uses another if a path in it (`use crate::…`, `super::…`, or a path in the code) leads to something that the other defines.
# Declaring a module, or handing on its names (`mod`, `pub use`), is not a use: a path is followed through them to the file
# that defines the name. A parent and its children can be a circle like any two files. What is not seen: methods,
# since calling one names no file. Test code is left out. Needs no module beyond perl-base.

use strict;
use warnings;

@ARGV or die "usage: check-circles.pl SRC ...\n";
my ($failed, $files) = (0, 0);
check_crate($_) for @ARGV;
print $failed ? $failed . ($failed == 1 ? " circle\n" : " circles\n") : "no circles between $files files\n";
exit($failed ? 1 : 0);

# A module is named by its path in the crate: '' is lib.rs, 'clv::models' is clv/models/mod.rs. Of each:
#   children    its modules that are files
#   names       name => [module, path ...]: what `use` calls by that name, from the module where it says so
#   paths       [line, path ...]: the paths in its code
my %modules;

sub check_crate {
    my ($src) = @_;
    %modules = ();
    read_module('', "$src/lib.rs", $src);
    $files += keys %modules;

    my %uses;    # module => module => the line
    for my $from (sort keys %modules) {
        for my $path (@{ $modules{$from}{paths} }) {
            my ($line, @segments) = @$path;
            my $to = definer($from, @segments);
            $uses{$from}{$to} //= $line if defined $to && $to ne $from;
        }
    }
    for my $circle (circles(\%uses)) {
        $failed++;
        print "a circle:\n";
        for my $i (0 .. $#$circle) {
            my ($from, $to) = ($circle->[$i], $circle->[($i + 1) % @$circle]);
            print "    $modules{$from}{file}:$uses{$from}{$to} uses $modules{$to}{file}\n";
        }
    }
}

# --- What a file says ---------------------------------------------------------------------------------

sub read_module {
    my ($module, $file, $folder) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    my $code = without_tests(without_words(do { local $/; <$in> }));
    my $self = $modules{$module} = { file => $file, children => {}, names => {}, paths => [] };

    while ($code =~ /\bmod\s+(\w+)\s*;/g) {
        my $child = $1;
        my ($path) = grep { -e } "$folder/$child.rs", "$folder/$child/mod.rs" or die "$file: where is mod $child?\n";
        $self->{children}{$child} = 1;
        read_module($module eq '' ? $child : "${module}::$child", $path, "$folder/$child");
    }

    # `use` gives names. One that is not handed on is a use, whether the name occurs again or not (it may be a trait).
    while ($code =~ /\b(pub\s*(?:\([^)]*\)\s*)?)?use\s+([^;]+);/g) {
        my ($public, $tree, $line) = ($1, $2, line_of($code, $-[2]));
        for my $leaf (leaves($tree)) {
            my ($name, @path) = @$leaf;
            $self->{names}{$name} = \@path if $name ne '_';
            push @{ $self->{paths} }, [$line, @path] unless $public;
        }
    }
    $code =~ s{\buse\s+[^;]+;}{$& =~ tr/\n//cdr}ge;
    while ($code =~ /(?<![\w:])(\w+(?:\s*::\s*\w+)+)/g) {
        push @{ $self->{paths} }, [line_of($code, $-[1]), split /\s*::\s*/, $1];
    }
}

sub line_of { my ($code, $at) = @_; return 1 + (substr($code, 0, $at) =~ tr/\n//) }

# Without comments, and without what is in quotes. Lines stay where they are.
sub without_words {
    my ($code) = @_;
    $code =~ s{
        //[^\n]* | /\*.*?\*/                      # comments
      | \bb?r(\#*)".*?"\g1 | "(?:[^"\\]|\\.)*"    # strings
      | '(?:[^'\\\n]|\\[^u\n]|\\u\{\w+\}|\\x\w\w)'     # characters, not lifetimes
    }{'_' . ($& =~ tr/\n//cdr)}gsex;
    return $code;
}

# Without the items that are compiled for tests only.
sub without_tests {
    my ($code) = @_;
    my ($braces, $attribute);
    $braces = qr/\{(?:[^{}]++|(??{ $braces }))*+\}/;
    $attribute = qr/\#\[[^\]]*\]/;
    $code =~ s{
        \#\[cfg\((?:any\()?test\b[^\]]*\]\s*
        (?:$attribute\s*)*+
        (?: (?:pub\s*(?:\([^)]*\)\s*)?)?use\b[^;]*;  |  [^;{}]*+(?:;|$braces) )
    }{$& =~ tr/\n//cdr}gex;
    return $code;
}

# The leaves of a `use`: [the name that it gives, the path to it].
sub leaves {
    my ($tree, @before) = @_;
    $tree =~ s/^\s+|\s+$//g;
    if ($tree =~ /^((?:\w+\s*::\s*)*)\{(.*)\}$/s) {
        my ($path, $inside) = ($1, $2);
        my ($depth, @parts) = (0, '');
        for my $piece (split /([{},])/, $inside) {
            $depth++ if $piece eq '{';
            $depth-- if $piece eq '}';
            if ($piece eq ',' && !$depth) { push @parts, '' } else { $parts[-1] .= $piece }
        }
        return map { leaves($_, @before, $path =~ /\w+/g) } grep { /\S/ } @parts;
    }
    my $as = $tree =~ s/\s+as\s+(\w+)$// ? $1 : undef;
    my @path = (@before, $tree =~ /\w+|\*/g);
    pop @path if @path > 1 && $path[-1] eq 'self';
    return [$as // $path[-1], @path];
}

# --- Where a path leads -------------------------------------------------------------------------------

# The module that defines what a path names, as seen from a module; nothing if that is another crate, or a module itself.
sub definer {
    my ($module, @path) = @_;
    my $first = shift @path;
    my $at = $module;
    if ($first eq 'crate') { $at = '' }
    elsif ($first eq 'super') { $at = parent($module) }
    elsif ($first ne 'self') {
        return undef unless $modules{$module}{children}{$first} || $modules{$module}{names}{$first};
        unshift @path, $first;
    }
    return walk($at, {}, @path);
}

sub walk {
    my ($at, $seen, @path) = @_;
    while (@path) {
        my $name = shift @path;
        my $self = $modules{$at};
        if ($name eq 'super') { $at = parent($at) }
        elsif ($self->{children}{$name}) { $at = $at eq '' ? $name : "${at}::$name" }
        elsif (my $path = $self->{names}{$name}) {
            return undef if $seen->{"$at $name"}++;
            my ($first, @rest) = @$path;
            return undef if !($first =~ /^(crate|self|super)$/ || $self->{children}{$first} || $self->{names}{$first} && "@$path" ne $name);
            return walk(($first eq 'crate' ? '' : $first eq 'super' ? parent($at) : $at), $seen,
                ($first =~ /^(crate|self|super)$/ ? () : $first), @rest, @path);
        }
        else { return $at }
    }
    return undef;
}

sub parent { my ($module) = @_; return $module =~ /^(.*)::/ ? $1 : '' }

# --- Circles ------------------------------------------------------------------------------------------

# The shortest circle through each module that is in one and in none before it.
sub circles {
    my ($uses) = @_;
    my (%in_one, @found);
    for my $start (sort keys %$uses) {
        next if $in_one{$start};
        my (%from, $end);
        my @queue = ($start);
        while (!defined $end && defined(my $at = shift @queue)) {
            for my $to (sort keys %{ $uses->{$at} // {} }) {
                if ($to eq $start) { $end = $at; last }
                next if exists $from{$to};
                $from{$to} = $at;
                push @queue, $to;
            }
        }
        next unless defined $end;
        my @circle = ($end);
        unshift @circle, $from{ $circle[0] } while $circle[0] ne $start;
        $in_one{$_} = 1 for @circle;
        push @found, \@circle;
    }
    return @found;
}
