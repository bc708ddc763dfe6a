# Homebrew formula. For a release: put the address and sum of the source archive in, and let
# `brew update-python-resources syncagent.rb` write the resources.
class Syncagent < Formula
  include Language::Python::Virtualenv

  desc "Keeps a folder the same on all of your machines, through a hub of your own"
  homepage "https://github.com/OWNER/syncagent"
  url "https://github.com/OWNER/syncagent/releases/download/v0.1.0/syncagent-0.1.0.tar.gz"
  sha256 "SHA256_OF_THE_SOURCE_ARCHIVE"
  license "Apache-2.0"

  depends_on "rust" => :build # blake3, cryptography
  depends_on "openssl@3"
  depends_on "python@3.14"

  # brew update-python-resources: begin
  # brew update-python-resources: end

  def install
    virtualenv_install_with_resources
  end

  # `syncagent autostart on` writes a launchd agent for each folder; a `service` of the formula would be one for all.
  def caveats
    <<~EOS
      To begin:                 syncagent up ~/Documents
      To start it at login:     syncagent autostart on
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/syncagent --version")
    assert_match "starts at login: no", shell_output("#{bin}/syncagent autostart status", 1)
  end
end
