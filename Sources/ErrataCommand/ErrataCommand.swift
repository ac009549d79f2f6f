@main
struct ErrataCommand {
    static func main() {}
}
