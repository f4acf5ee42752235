# vagrant/fleet.yml, checked as a whole: what is wrong is one sentence, and no VM is touched.

require "etc"
require "yaml"

class FleetError < Vagrant::Errors::VagrantError
  def initialize(sentence)
    @sentence = sentence
    super()
  end

  def error_message
    @sentence
  end
end

Node = Struct.new(:name, :address, :memory, :cpus)

class Fleet
  DISTRIBUTIONS = %w[debian-12 ubuntu-24.04].freeze
  PROVIDERS = { "virtualbox" => nil, "libvirt" => "vagrant-libvirt", "lxc" => "vagrant-lxc" }.freeze
  PROGRAMS = { "virtualbox" => "VBoxManage", "libvirt" => "qemu-img", "lxc" => "lxc-start" }.freeze
  GROUPS = %w[balancer app worker database instance].freeze
  # By the words of Linux, macOS and Windows.
  ARCHITECTURES = {
    "x86_64" => "amd64", "amd64" => "amd64", "x64" => "amd64", "aarch64" => "arm64", "arm64" => "arm64"
  }.freeze
  DRIVERS = %w[kvm qemu].freeze
  KVM = "/dev/kvm".freeze
  # VirtualBox for Windows leaves the search path alone; Vagrant finds it by what its installer set.
  VIRTUALBOX_FOLDERS = %w[VBOX_INSTALL_PATH VBOX_MSI_INSTALL_PATH].freeze
  SECTIONS = { "libvirt" => %w[driver], "lxc" => %w[bridge], "boxes" => PROVIDERS.keys }.freeze
  NUMBERS = { "count" => 0..9, "first" => 2..245, "memory" => 256..65_536, "cpus" => 1..64 }.freeze
  # /31 and up are no use with a gateway; only networks that are private by RFC 1918 are taken.
  BYTE = /(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)/
  NETWORK = /\A(10\.#{BYTE}|172\.(1[6-9]|2\d|3[01])|192\.168)\.#{BYTE}\z/
  INSTALL = "install VirtualBox (macOS, Windows, Linux), or on Linux the package vagrant-libvirt or vagrant-lxc".freeze

  PROXY_PORT = 3128 # of vagrant/lxc-network

  attr_reader :file, :distribution, :network, :proxy

  def initialize(file)
    @file = file
    @told = read
    @distribution = one_of("distribution", DISTRIBUTIONS)
    @network = @told["network"].to_s
    @proxy = @told["proxy"]
    check
  end

  def nodes
    GROUPS.flat_map { |group| members(group, @told["groups"][group]) }
  end

  # The VMs' forward proxy, where they need one.
  def way_out(provider)
    proxy || ("http://#{network}.1:#{PROXY_PORT}" if provider == "lxc")
  end

  # What is reached without it. Not every program knows networks there, so each VM is named as well.
  def direct
    ["localhost", "127.0.0.1", "169.254.169.254", "#{network}.0/24", "#{network}.1", *nodes.map(&:address)].join(",")
  end

  def driver
    @told.dig("libvirt", "driver")
  end

  def bridge
    @told.dig("lxc", "bridge")
  end

  def box(provider)
    @told.dig("boxes", provider, distribution)
  end

  # Where vagrant/box/build has put the box; nil for a public one. Every command comes by here, for each provider, so
  # nothing is refused: only `up` asks whether there can be such a box.
  def own_box(provider)
    return nil unless box(provider).to_s.start_with?("slackwater/")

    File.join(__dir__, "box", "#{distribution}-#{provider}-#{architecture}.box")
  end

  # Debian's word for this machine's, or the machine's own where Debian has none here.
  def architecture
    machine = Etc.uname[:machine].downcase
    ARCHITECTURES.fetch(machine, machine)
  end

  # What the command line says; what the VMs that are there were made by; what the environment or the file says;
  # otherwise the first that this machine has.
  def provider(arguments, environment)
    at = arguments.index { |word| word.start_with?("--provider") }
    spoken = at && (arguments[at].split("=", 2)[1] || arguments[at + 1])
    spoken || running(environment) || environment["VAGRANT_DEFAULT_PROVIDER"] || @told["provider"] ||
      PROVIDERS.keys.find { |name| here?(name) }
  end

  # Raises FleetError with what to do unless `vagrant up` has what it needs of this machine.
  def check_machine(provider)
    refuse("No provider was found on this machine: #{INSTALL}.") if provider.nil?
    unless PROVIDERS.key?(provider)
      refuse("The provider #{provider} is not known here, only #{PROVIDERS.keys.join(', ')}: #{INSTALL}.")
    end
    refuse("The provider #{provider} is not complete on this machine (#{lacks(provider)}): #{INSTALL}.") unless here?(provider)
    check_libvirt if provider == "libvirt"
    check_box(provider)
    check_bridge if provider == "lxc"
  end

  private

  def read
    told = YAML.safe_load(File.read(@file))
    told.is_a?(Hash) ? told : refuse("#{@file} must hold the settings that vagrant/fleet.yml came with.")
  rescue SystemCallError, Psych::Exception => error
    refuse("#{@file} cannot be read: #{error.message}.")
  end

  def check
    check_sections
    refuse("#{@file}: network is #{network.inspect}; allowed are three numbers such as 192.168.56.") unless NETWORK.match?(network)
    one_of("provider", PROVIDERS.keys) if @told["provider"]
    allowed("libvirt.driver", driver, DRIVERS)
    refuse("#{@file}: lxc.bridge is #{bridge.inspect}; allowed is an interface's name.") unless /\A[a-z][a-z0-9-]{1,14}\z/.match?(bridge.to_s)
    refuse("#{@file}: proxy is #{proxy.inspect}; allowed is http://address:port.") unless proxy.nil? || %r{\Ahttp://[\w.-]+:\d+\z}.match?(proxy.to_s)
    check_groups
  end

  # Before anything is looked up in them.
  def check_sections
    SECTIONS.each { |name, keys| check_section(name, @told[name], keys) unless @told[name].nil? }
    (@told["boxes"] || {}).each do |provider, boxes|
      check_section("boxes.#{provider}", boxes, DISTRIBUTIONS) unless boxes.nil?
      (boxes || {}).each { |name, box| check_name("boxes.#{provider}.#{name}", box) unless box.nil? }
    end
  end

  def check_section(field, value, keys)
    refuse("#{@file}: #{field} is #{value.inspect}; allowed are values of its own: #{keys.join(', ')}.") unless value.is_a?(Hash)
  end

  def check_name(field, value)
    refuse("#{@file}: #{field} is #{value.inspect}; allowed is a box's name.") unless value.is_a?(String)
  end

  def check_groups
    groups = @told["groups"]
    unless groups.is_a?(Hash) && groups.size == GROUPS.size && GROUPS.all? { |group| groups.key?(group) }
      refuse("#{@file}: groups must name each of #{GROUPS.join(', ')}, and no other.")
    end
    groups.each { |group, told| check_section("groups.#{group}", told, NUMBERS.keys) }
    groups.each { |group, told| NUMBERS.each { |key, range| check_number("groups.#{group}.#{key}", told[key], range) } }
    refuse("#{@file}: two VMs would have one address; move `first` of their groups apart.") if nodes.map(&:address).uniq != nodes.map(&:address)
    refuse("#{@file}: the fleet has no VM; give groups.balancer and groups.app a count.") if nodes.empty?
  end

  def check_number(field, value, range)
    return if value.is_a?(Integer) && range.cover?(value)

    refuse("#{@file}: #{field} is #{value.inspect}; allowed are whole numbers from #{range.min} to #{range.max}.")
  end

  def check_box(provider)
    if box(provider).nil?
      refuse("#{@file}: boxes.#{provider} has none for #{distribution}; name one there, or take another distribution.")
    end
    file = own_box(provider)
    return if file.nil?

    unless ARCHITECTURES.value?(architecture)
      refuse("This machine is #{architecture}, and there are boxes for amd64 and arm64 alone.")
    end
    return if File.exist?(file)

    refuse("The box #{File.basename(file)} has not been made yet: run `bash vagrant/box/build #{provider}` as root on Debian 12 or 13.")
  end

  # The emulated processor, the box's console and its firmware are those of amd64.
  def check_libvirt
    unless architecture == "amd64"
      refuse("This machine is #{architecture}, and VMs of libvirt are set up for amd64 alone: take virtualbox or lxc.")
    end
    return unless driver == "kvm" && !File.exist?(KVM)

    refuse("#{KVM} is not there: set libvirt.driver: qemu in #{@file}, or load the processor's KVM module.")
  end

  def check_bridge
    return if File.exist?("/sys/class/net/#{bridge}")

    refuse("The bridge #{bridge} is not there: run `bash vagrant/lxc-network up` as root.")
  end

  def running(environment)
    kept = File.expand_path(environment.fetch("VAGRANT_DOTFILE_PATH", ".vagrant"), __dir__)
    Dir.glob(File.join(kept, "machines/*/*/id")).map { |id| File.basename(File.dirname(id)) }.first
  end

  def here?(provider)
    lacks(provider).nil?
  end

  def lacks(provider)
    plugin = PROVIDERS[provider]
    return "Vagrant's plugin #{plugin} is missing" if plugin && !Vagrant.has_plugin?(plugin)

    "#{PROGRAMS[provider]} was not found" unless installed?(provider)
  end

  def installed?(provider)
    return true if Vagrant::Util::Which.which(PROGRAMS[provider])

    provider == "virtualbox" && VIRTUALBOX_FOLDERS.any? { |name| ENV.key?(name) }
  end

  def members(group, told)
    (0...told["count"]).map do |number|
      Node.new("#{group}-#{number + 1}", "#{network}.#{told['first'] + number}", told["memory"], told["cpus"])
    end
  end

  def one_of(field, names)
    allowed(field, @told[field], names)
  end

  def allowed(field, value, names)
    names.include?(value) ? value : refuse("#{@file}: #{field} is #{value.inspect}; allowed are #{names.join(', ')}.")
  end

  def refuse(sentence)
    raise FleetError, sentence
  end
end
