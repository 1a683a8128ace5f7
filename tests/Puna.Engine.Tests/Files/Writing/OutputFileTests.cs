using Puna.Engine.Files.Writing;
using Puna.Kernels.Memory;
using Puna.Testing;

namespace Puna.Engine.Tests.Files.Writing;

public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds => SpecialFiles.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_no_regular_file_is_refused_by_its_kind_and_stays(string kind)
    {
        SpecialFiles.Make(kind, _folder["x"]);
        File.CreateSymbolicLink(_folder["link"], _folder["x"]);
        var node = FileNode.Of(_folder["x"]);
        Assert.NotNull(node);
        foreach (var name in (string[])["x", "link"])
        {
            using var staged = new StagedFiles();
            var sentence = ModelAssert.Sentence(() =>
                staged.Write(_folder[name], stream => stream.WriteByte(1))
            );
            Assert.Contains($"{name}' is a ", sentence, StringComparison.Ordinal);
            Assert.Contains($"{kind} where", sentence, StringComparison.Ordinal);
            if (kind != "folder")
            {
                sentence = ModelAssert.Sentence(() => staged.MakeFolder(_folder[name]));
                Assert.Contains($"{kind} where a folder", sentence, StringComparison.Ordinal);
            }

            staged.Commit();
        }

        Assert.Equal(node, FileNode.Of(_folder["x"]));
        Assert.Equal(_folder["x"], new FileInfo(_folder["link"]).LinkTarget);
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Fact]
    public void Nodes_tell_kinds_apart_and_one_file_by_all_its_names()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "nodes have numbers on Linux only");
        File.WriteAllText(_folder["a"], "a");
        File.WriteAllText(_folder["b"], "a");
        File.CreateSymbolicLink(_folder["link"], "a");
        SpecialFiles.Link(_folder["a"], _folder["hard"]);
        var node = FileNode.Of(_folder["a"]);
        Assert.Equal(FileNodeKind.Regular, node!.Value.Kind);
        Assert.Equal(node, FileNode.Of(_folder["link"]));
        Assert.Equal(node, FileNode.Of(_folder["hard"]));
        Assert.NotEqual(node, FileNode.Of(_folder["b"]));
        Assert.Null(FileNode.Of(_folder["none"]));
        Assert.Equal(FileNodeKind.Folder, FileNode.Of(_folder.Path)!.Value.Kind);
    }

    [Fact]
    public void A_file_that_is_read_is_known_under_every_name()
    {
        File.WriteAllText(_folder["input"], "input");
        File.WriteAllText(_folder["other"], "input");
        File.CreateSymbolicLink(_folder["link"], "input");
        SpecialFiles.Link(_folder["input"], _folder["hard"]);
        string[] inputs = [_folder["absent"], "", _folder["input"]];
        foreach (var name in (string[])["input", "./x/../input", "link", "hard"])
        {
            var sentence = ModelAssert.Sentence(() =>
                OutputFile.At(_folder[name]).RequireNoneOf(inputs)
            );
            Assert.Contains(_folder[name], sentence, StringComparison.Ordinal);
            Assert.Contains($"input '{_folder["input"]}'", sentence, StringComparison.Ordinal);
        }

        // A link among the inputs is the file that it leads to.
        ModelAssert.Sentence(() =>
            OutputFile.At(_folder["input"]).RequireNoneOf([_folder["link"]])
        );
        OutputFile.At(_folder["other"]).RequireNoneOf(inputs);
        OutputFile.At(_folder["absent"]).RequireNoneOf(inputs);
    }

    [Fact]
    public void Only_a_file_that_is_objected_to_is_kept_from_being_replaced()
    {
        File.WriteAllText(_folder["a"], "a");
        File.WriteAllText(_folder["empty"], "");
        var sentence = ModelAssert.Sentence(() => Require("a", "is no list", false));
        Assert.Contains("a' is no list; ", sentence, StringComparison.Ordinal);
        Assert.Contains("--force", sentence, StringComparison.Ordinal);
        Require("a", "is no list", true);
        Require("a", null, false);
        Require("absent", "is no list", false);
        Require("empty", "is no list", false);

        void Require(string name, string? objection, bool force) =>
            OutputFile.At(_folder[name]).RequireReplaceable(_ => objection, force);
    }

    [Fact]
    public void Links_are_followed_as_the_system_follows_them()
    {
        // "/link/up" lies in real/deep, so its ".." is real, and not the folder of "/link".
        Directory.CreateDirectory(_folder["real/deep"]);
        Directory.CreateSymbolicLink(_folder["link"], "real/deep");
        File.CreateSymbolicLink(_folder["real/deep/up"], "../target");
        File.CreateSymbolicLink(_folder["chain"], _folder["link/up"]);
        File.WriteAllText(_folder["real/target"], "old");
        Write("chain", 7);
        Assert.Equal([7], File.ReadAllBytes(_folder["real/target"]));
        Assert.Equal("../target", new FileInfo(_folder["real/deep/up"]).LinkTarget);
        Assert.Equal(_folder["link/up"], new FileInfo(_folder["chain"]).LinkTarget);
        Assert.False(File.Exists(_folder["target"]));
        Assert.Equal(
            ["deep", "target"],
            Directory.GetFileSystemEntries(_folder["real"]).Select(Path.GetFileName).Order()
        );
    }

    [Fact]
    public void A_link_that_dangles_makes_its_target_and_one_that_never_ends_is_refused()
    {
        Directory.CreateDirectory(_folder["real"]);
        File.CreateSymbolicLink(_folder["dangling"], "real/new");
        Write("dangling", 3);
        Assert.Equal([3], File.ReadAllBytes(_folder["real/new"]));
        Assert.Equal("real/new", new FileInfo(_folder["dangling"]).LinkTarget);
        File.CreateSymbolicLink(_folder["a"], "b");
        File.CreateSymbolicLink(_folder["b"], "a");
        var sentence = ModelAssert.Sentence(() => OutputFile.At(_folder["a"]));
        Assert.Contains("symbolic links", sentence, StringComparison.Ordinal);
        File.CreateSymbolicLink(_folder["nowhere"], "no/such/folder/file");
        ModelAssert.Sentence(() => Write("nowhere", 1));
        Assert.Equal(5, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void What_is_no_path_is_one_sentence(string path) =>
        ModelAssert.Sentence(() => OutputFile.At(path));

    public void Dispose() => _folder.Dispose();

    private void Write(string name, byte content)
    {
        using var staged = new StagedFiles();
        staged.Write(_folder[name], stream => stream.WriteByte(content));
        staged.Commit();
    }
}
