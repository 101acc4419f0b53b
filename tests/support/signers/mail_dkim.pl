# Signs and verifies with Mail::DKIM, the library of amavis.
#   mail_dkim.pl sign DIRECTORY DOMAIN < message > signed
#   mail_dkim.pl verify ADDRESS PORT FILE ... : a line for each file: "selector=result" of each signature
use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;
use Net::DNS::Resolver;

sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "cannot read $path: $!\n";
    local $/ = undef;
    return scalar <$file>;
}

sub sign {
    my ($directory, $domain) = @_;
    my $data = "$directory/" . (readlink("$directory/..data") or die "not a Secret's volume\n");
    chomp(my $selector = slurp("$data/rsa.selector"));
    my $signer = Mail::DKIM::Signer->new(
        Algorithm => 'rsa-sha256',
        Method    => 'relaxed',
        Domain    => $domain,
        Selector  => $selector,
        KeyFile   => "$data/rsa.pem",
    );
    binmode STDIN;
    binmode STDOUT;
    local $/ = undef;
    my $message = <STDIN>;
    $signer->PRINT($message);
    $signer->CLOSE;
    print $signer->signature->as_string, "\r\n", $message;
}

sub verify {
    my ($address, $port, @paths) = @_;
    Mail::DKIM::DNS::resolver(
        Net::DNS::Resolver->new(nameservers => [$address], port => $port, recurse => 0, udppacketsize => 1232));
    for my $path (@paths) {
        my $verifier = Mail::DKIM::Verifier->new;
        $verifier->PRINT(slurp($path));
        $verifier->CLOSE;
        print join(' ', map { $_->selector . '=' . $_->result } $verifier->signatures), "\n";
    }
}

my $task = shift @ARGV;
$task eq 'sign' ? sign(@ARGV) : verify(@ARGV);
