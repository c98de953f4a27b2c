#!/usr/bin/perl
# Runs the SQL examples of documents and compares what they print with what the documents say; or follows their links.
#
#   check-docs.pl [--update] --psql PSQL --template DATABASE [--count FILE] DOCUMENT.md ...
#   check-docs.pl --links [--count FILE] DOCUMENT.md ...     (needs no server)
#
# A document is one psql session, in a fresh copy of the template database (times in UTC, ISO dates). In it
#
#   ```sql          is run, and must not fail
#   ```text         as the next block after a ```sql: what that prints, compared line by line, blanks at line ends aside;
#                   a line "..." stands for any number of lines. An error may be shown like any other output.
#   ```sql norun    is not run (an installation, another database); counted as skipped
#
# --update writes the real output into the text blocks. Blocks that "..." shortens stay if they match, and errors are written
# only where the document shows one already.
# --links: a link without a scheme must lead to a file that is there, and its #anchor to a heading of that file.
# --count writes "passed failed skipped" (of links: documents). The server is found by PGHOST and so on. Needs no module beyond perl-base.

use strict;
use warnings;
use Getopt::Long;
use File::Basename qw(dirname);
use IPC::Open3;

my ($update, $links, $psql, $template, $count_file) = (0, 0, 'psql');
GetOptions('update' => \$update, 'links' => \$links, 'psql=s' => \$psql, 'template=s' => \$template, 'count=s' => \$count_file)
    && ($links || defined $template) && @ARGV
    or die "usage: check-docs.pl [--update] --psql PSQL --template DATABASE [--count FILE] DOCUMENT.md ...\n"
    . "       check-docs.pl --links [--count FILE] DOCUMENT.md ...\n";

my %total = (passed => 0, failed => 0, skipped => 0);
my %anchors_of;
for my $document (@ARGV) {
    if ($links) { check_links($document) } else { check_document($document) }
}
if (defined $count_file) {
    open my $out, '>', $count_file or die "$count_file: $!\n";
    print $out "$total{passed} $total{failed} $total{skipped}\n";
    close $out or die "$count_file: $!\n";
}
exit($total{failed} ? 1 : 0);

sub check_document {
    my ($file) = @_;
    my @lines = read_lines($file);
    my @examples = find_examples($file, @lines);
    my @run = grep { !$_->{norun} } @examples;
    $total{skipped} += @examples - @run;
    return unless @run;

    my $database = 'docs_' . lc($file =~ s/\.md$//r) =~ s/[^a-z0-9]+/_/gr;
    psql_quietly('postgres', "DROP DATABASE IF EXISTS \"$database\"", "CREATE DATABASE \"$database\" TEMPLATE \"$template\"");
    run_examples($database, @run);
    psql_quietly('postgres', "DROP DATABASE \"$database\"");

    my $failed = 0;
    for my $example (reverse @run) {    # from the end, so that replacing lines moves none that are still to come
        my $problem = judge($example, \@lines);
        next unless defined $problem;
        $failed++;
        $example->{problem} = $problem;
    }
    print "$file:$_->{line}: $_->{problem}\n" for grep { defined $_->{problem} } @run;
    printf "    %s: %d of %d examples as documented\n", $file, @run - $failed, scalar @run;
    $total{failed} += $failed;
    $total{passed} += @run - $failed;
    write_lines($file, @lines) if $update;
}

# Every link of a document that leads to another file of the repository, or to a heading.
sub check_links {
    my ($file) = @_;
    my ($failed, $number) = (0, 0);
    for my $line (prose(read_lines($file))) {
        $number++;
        while ($line =~ /\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g) {
            my ($path, $anchor) = split /#/, $1, 2;
            next if $path =~ /^[a-z][a-z0-9+.-]*:/i;
            my $target = $path eq '' ? $file : $path =~ m{^/} ? $path : dirname($file) . "/$path";
            my $problem = !-e $target ? "there is no $target"
                : defined $anchor && !anchors($target)->{$anchor} ? "$target has no heading for #$anchor" : next;
            print "$file:$number: $problem\n";
            $failed++;
        }
    }
    $total{$failed ? 'failed' : 'passed'}++;
}

# The lines outside of fenced blocks; those inside are empty, so that line numbers stay.
sub prose {
    my $fence;
    return map {
        my $inside = $fence;
        if ($fence) { undef $fence if /^ {0,3}\Q$fence\E[`~]*\s*$/ }
        elsif (/^ {0,3}(`{3,}|~{3,})/) { $fence = $1 }
        $inside || $fence ? '' : $_;
    } @_;
}

# What a heading is called in links, as GitHub does it: in lower case, without punctuation, with hyphens for blanks, and with
# a number if it is not the first of its name.
sub anchors {
    my ($file) = @_;
    return $anchors_of{$file} //= do {
        my (%seen, %anchors);
        for my $line ($file =~ /\.md$/ ? prose(read_lines($file)) : ()) {
            next unless $line =~ /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/;
            my $name = $1 =~ s/\[([^\]]*)\]\([^)]*\)/$1/gr;
            utf8::decode($name);
            $name = lc($name) =~ s/[^\w\- ]//gr =~ tr/ /-/r;
            my $times = $seen{$name}++;
            $name .= "-$times" if $times;
            utf8::encode($name);
            $anchors{$name} = 1;
        }
        \%anchors;
    };
}

# The fenced blocks of a document: for each ```sql where it is, its text, and the ```text that follows it, if one does.
sub find_examples {
    my ($file, @lines) = @_;
    my (@examples, $open, $previous);
    for my $i (0 .. $#lines) {
        if (!$open) {
            next unless $lines[$i] =~ /^( {0,3})(`{3,}|~{3,})\s*(.*?)\s*$/;
            $open = { fence => $2, info => $3, first => $i + 1 };
            next;
        }
        next unless $lines[$i] =~ /^ {0,3}\Q$open->{fence}\E[`~]*\s*$/;
        my @body = @lines[$open->{first} .. $i - 1];
        if ($open->{info} =~ /^sql\b(.*)/i) {
            $previous = { line => $open->{first}, sql => join("\n", @body), norun => ($1 =~ /\bnorun\b/ ? 1 : 0) };
            push @examples, $previous;
        } else {
            if ($open->{info} eq 'text' && $previous && !$previous->{norun}) {
                @$previous{qw(text_first text_length expected)} = ($open->{first}, scalar @body, \@body);
            }
            undef $previous;    # only the block that follows at once is its output
        }
        undef $open;
    }
    die "$file: the block that begins at line $open->{first} is not closed\n" if $open;
    return @examples;
}

# All examples of a document in one session. A marker after each tells their outputs apart.
sub run_examples {
    my ($database, @run) = @_;
    my $script = "\\pset pager off\n";
    for my $n (0 .. $#run) {
        my $sql = $run[$n]{sql};
        # A forgotten semicolon would glue an example to the next one.
        my ($last) = $sql =~ /([^\n]*)\s*\z/;
        $sql .= "\n;" unless $last =~ /;\s*(--.*)?$/ || $last =~ /\\[a-z]/ || $sql !~ /\S/;
        $script .= "$sql\n\\echo [[end of example $n]]\n";
    }
    local %ENV = (%ENV, PGTZ => 'UTC', PGDATESTYLE => 'ISO, YMD', PGCLIENTENCODING => 'UTF8', LC_ALL => 'C');
    delete @ENV{qw(PGOPTIONS PAGER PSQL_PAGER COLUMNS)};
    my @output = pipe_through($script, $psql, '-X', '-q', '-d', $database);
    for my $n (0 .. $#run) {
        my @printed;
        my $ended = 0;
        while (@output) {
            my $line = shift @output;
            # The marker follows an output that did not end its line (\echo -n, say) on the same line.
            if ($line =~ s/\[\[end of example $n\]\]$//) {
                push @printed, $line if length $line;
                $ended = 1;
                last;
            }
            push @printed, $line;
        }
        pop @printed while @printed && $printed[-1] eq '';
        shift @printed while @printed && $printed[0] eq '';
        @{ $run[$n] }{qw(printed ended)} = (\@printed, $ended);
    }
}

# What is wrong with an example, or undef. With --update, puts right what the document says.
sub judge {
    my ($example, $lines) = @_;
    my @printed = @{ $example->{printed} };
    my $error = grep { is_error($_) } @printed;
    my $shows_error = $example->{expected} && grep { is_error($_) } @{ $example->{expected} };
    return "the example does not end (an open quote?), or the session broke off:\n" . indent(@printed) unless $example->{ended};
    return "the example fails:\n" . indent(@printed) if $error && !$shows_error;
    return undef unless $example->{expected};
    my @expected = map { s/\s+$//r } @{ $example->{expected} };
    return undef if matches(\@expected, \@printed);
    if ($update) {
        splice @$lines, $example->{text_first}, $example->{text_length}, @printed;
        return undef;
    }
    return "the example prints something else. Documented:\n" . indent(@expected) . "printed:\n" . indent(@printed);
}

# The server's words, and psql's about its own commands.
sub is_error { return $_[0] =~ /^(ERROR|FATAL|PANIC): |^\\\w+: |^invalid command \\/ }

# Line by line, "..." standing for any number of lines.
sub matches {
    my ($expected, $printed) = @_;
    my $pattern = join '', map { $_ eq '...' ? '(?:[^\n]*\n)*?' : quotemeta("$_\n") } @$expected;
    return join('', map { "$_\n" } @$printed) =~ /\A$pattern\z/;
}

sub indent { return join '', map { "    | $_\n" } @_ }

sub psql_quietly {
    my ($database, @commands) = @_;
    my @output;
    for (1 .. 60) {
        @output = pipe_through('', $psql, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $database,
            '-c', 'SET client_min_messages = warning', map { ('-c', $_) } @commands);
        return unless $?;
        # An example that crashed the server: its own finding, not the end of the others.
        last unless "@output" =~ /the database system is (in recovery|starting up|not yet accepting)/;
        sleep 1;
    }
    die join("\n", @output) . "\n";
}

# Runs a command with the text as its input; its output and errors come back as lines in the order they were printed.
sub pipe_through {
    my ($text, @command) = @_;
    # By way of a file: writing to a process that is itself waiting for its output to be read would wait for ever.
    open my $input, '+>', undef or die "temporary file: $!\n";
    print $input $text;
    seek $input, 0, 0;
    my $pid = open3('<&' . fileno($input), my $output, undef, @command);
    my @lines = <$output>;
    waitpid $pid, 0;
    chomp @lines;
    s/\s+$// for @lines;
    return @lines;
}

sub read_lines {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    my @lines = <$in>;
    chomp @lines;
    return @lines;
}

# Through a new file, so that a full disk does not cost the document.
sub write_lines {
    my ($file, @lines) = @_;
    open my $out, '>', "$file.new" or die "$file.new: $!\n";
    print $out map { "$_\n" } @lines;
    close $out or die "$file.new: $!\n";
    rename "$file.new", $file or die "$file: $!\n";
}
