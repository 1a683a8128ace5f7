using Puna.Engine.Files;
using Puna.Engine.Files.Models;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Kernels.Memory;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>What a model that is written may take the place of.</summary>
public sealed class ModelReplacementTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds => SpecialFiles.Kinds;

    [Fact]
    public void A_gguf_file_replaces_one_of_its_family_and_nothing_else()
    {
        Make("llama", "llama.gguf");
        Make("qwen3", "qwen3.gguf");
        using var input = ModelFiles.Open(_folder["llama.gguf"]);
        File.WriteAllText(_folder["text.gguf"], "My notes.");
        File.WriteAllBytes(_folder["cut.gguf"], File.ReadAllBytes(_folder["llama.gguf"])[..^100]);
        Make("qwen3", "other.gguf");
        foreach (var (name, found) in Cases())
        {
            var before = File.ReadAllBytes(_folder[name]);
            var sentence = ModelAssert.Sentence(() =>
                ModelAssert.Convert(input, _folder[name], null)
            );
            Assert.Contains(name, sentence, StringComparison.Ordinal);
            Assert.Contains(found, sentence, StringComparison.Ordinal);
            Assert.Contains("--force", sentence, StringComparison.Ordinal);
            ModelAssert.Sentence(() => Make("llama", name));
            Assert.Equal(before, File.ReadAllBytes(_folder[name]));
            ModelAssert.Convert(input, _folder[name], null, force: true);
            using (var forced = ModelFiles.Open(_folder[name]))
            {
                ModelAssert.SameTensors(input, forced);
            }

            // Now it is an older conversion.
            ModelAssert.Convert(input, _folder[name], WeightFormats.Q8_0);
        }

        using var qwen = ModelFiles.Open(_folder["qwen3.gguf"]);
        ModelAssert.Sentence(() => ModelAssert.Convert(qwen, _folder["llama.gguf"], null));
        Assert.Equal(5, Directory.GetFileSystemEntries(_folder.Path).Length);

        static IEnumerable<(string Name, string Found)> Cases() =>
            [("text.gguf", "no GGUF"), ("cut.gguf", "no GGUF"), ("other.gguf", "'qwen3'")];
    }

    [Fact]
    public void An_empty_file_may_be_replaced()
    {
        File.WriteAllText(_folder["m.gguf"], "");
        Make("llama", "m.gguf");
        using var model = ModelFiles.Open(_folder["m.gguf"]);
        Assert.Equal("llama", model.Config.Family);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_gguf_file_is_never_written_onto_itself(bool force)
    {
        Make("llama", "m.gguf");
        File.CreateSymbolicLink(_folder["link.gguf"], "m.gguf");
        SpecialFiles.Link(_folder["m.gguf"], _folder["hard.gguf"]);
        var before = File.ReadAllBytes(_folder["m.gguf"]);
        foreach (var source in (string[])["m.gguf", "link.gguf"])
        {
            using var input = ModelFiles.Open(_folder[source]);
            foreach (var name in (string[])["m.gguf", "link.gguf", "hard.gguf"])
            {
                var sentence = ModelAssert.Sentence(() =>
                    ModelAssert.Convert(input, _folder[name], WeightFormats.Q8_0, force: force)
                );
                Assert.Contains("is the input", sentence, StringComparison.Ordinal);
            }
        }

        Assert.Equal(before, File.ReadAllBytes(_folder["m.gguf"]));
        Assert.Equal(3, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_folder_is_never_written_onto_itself(bool force)
    {
        Make("llama", "m");
        Directory.CreateSymbolicLink(_folder["link"], "m");
        File.Copy(_folder["m/config.json"], _folder["config.json"]);
        SpecialFiles.Link(_folder["m/model.safetensors"], _folder["model.safetensors"]);
        var before = Content(_folder["m"]);
        foreach (var source in (string[])["m", "link", "m/model.safetensors"])
        {
            using var input = ModelFiles.Open(_folder[source]);
            string[] names = ["m", "link", "link/model.safetensors", "model.safetensors"];
            foreach (var name in names)
            {
                var sentence = ModelAssert.Sentence(() =>
                    ModelAssert.Convert(input, _folder[name], WeightFormats.BF16, force: force)
                );
                Assert.Contains("is the input", sentence, StringComparison.Ordinal);
            }

            // A name of its own in the folder of the input would still take its config.json.
            ModelAssert.Sentence(() =>
                ModelAssert.Convert(input, _folder["m/b.safetensors"], null, force: force)
            );
        }

        Assert.Equal(before, Content(_folder["m"]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_no_regular_file_is_refused_with_force_too(string kind)
    {
        Make("llama", "m.gguf");
        using var input = ModelFiles.Open(_folder["m.gguf"]);
        foreach (var name in (string[])["x.gguf", "x.safetensors", "x"])
        {
            if (kind == "folder" && name == "x")
            {
                continue;
            }

            SpecialFiles.Make(kind, _folder[name]);
            var node = FileNode.Of(_folder[name]);
            foreach (var force in (bool[])[false, true])
            {
                Assert.Contains(
                    $"{kind} where",
                    ModelAssert.Sentence(() =>
                        ModelAssert.Convert(input, _folder[name], null, force: force)
                    ),
                    StringComparison.Ordinal
                );
            }

            ModelAssert.Sentence(() => Make("llama", name));
            Assert.Equal(node, FileNode.Of(_folder[name]));
        }
    }

    [Fact]
    public void A_safetensors_file_replaces_the_weights_of_its_family_and_nothing_else()
    {
        Make("llama", "in.gguf");
        using var input = ModelFiles.Open(_folder["in.gguf"]);
        Make("mistral", "a/m.safetensors");
        Directory.CreateDirectory(_folder["b"]);
        File.Copy(_folder["a/m.safetensors"], _folder["b/m.safetensors"]);
        Directory.CreateDirectory(_folder["c"]);
        File.WriteAllText(_folder["c/m.safetensors"], "My notes.");
        Directory.CreateDirectory(_folder["d"]);
        File.Copy(_folder["a/m.safetensors"], _folder["d/m.safetensors"]);
        File.WriteAllText(_folder["d/config.json"], "{\"name\": \"of a program\"}");
        foreach (var name in (string[])["a", "b", "c", "d"])
        {
            var before = Content(_folder[name]);
            var target = _folder[$"{name}/m.safetensors"];
            var sentence = ModelAssert.Sentence(() => ModelAssert.Convert(input, target, null));
            Assert.Contains("--force", sentence, StringComparison.Ordinal);
            Assert.Equal(before, Content(_folder[name]));
            ModelAssert.Convert(input, target, null, force: true);
            ModelAssert.Convert(input, target, null);
            using var output = ModelFiles.Open(target);
            ModelAssert.SameTensors(input, output);
        }

        // Other weights keep their config.json, whatever is asked.
        ModelAssert.Sentence(() =>
            ModelAssert.Convert(input, _folder["a/other.safetensors"], null, force: true)
        );
    }

    [Fact]
    public void A_folder_of_another_family_is_refused_or_replaced_as_a_whole()
    {
        Make("mistral", "m");
        File.WriteAllText(_folder["m/tokenizer.json"], "of the old model");
        File.WriteAllText(_folder["m/generation_config.json"], "{}");
        File.WriteAllText(_folder["m/README.md"], "mine");
        Make("llama", "in");
        using var input = ModelFiles.Open(_folder["in"]);
        var before = Content(_folder["m"]);
        var sentence = ModelAssert.Sentence(() => ModelAssert.Convert(input, _folder["m"], null));
        Assert.Contains("'mistral'", sentence, StringComparison.Ordinal);
        Assert.Contains("'llama'", sentence, StringComparison.Ordinal);
        Assert.Equal(before, Content(_folder["m"]));
        var summary = ModelAssert.Convert(input, _folder["m"], null, force: true);
        Assert.Equal(
            ["README.md", "config.json", "model.safetensors"],
            Content(_folder["m"]).Select(file => file.Name)
        );
        Assert.Contains(
            summary.Remarks,
            remark =>
                remark.Contains("generation_config.json, tokenizer.json", StringComparison.Ordinal)
        );
        using var output = ModelFiles.Open(_folder["m"]);
        Assert.Equal("llama", output.Config.Family);
    }

    [Fact]
    public void Shards_of_an_old_model_do_not_stay_beside_the_new_one()
    {
        Make("llama", "in");
        using var input = ModelFiles.Open(_folder["in"]);
        Make("llama", "m");
        string[] rest =
        [
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "pytorch_model-00001-of-00001.bin",
        ];
        foreach (var name in rest)
        {
            File.WriteAllText(_folder[$"m/{name}"], "old");
        }

        File.Delete(_folder["m/model.safetensors"]);
        File.WriteAllText(_folder["m/model-of-mine.safetensors"], "mine");
        var before = Content(_folder["m"]);
        var sentence = ModelAssert.Sentence(() => ModelAssert.Convert(input, _folder["m"], null));
        Assert.Contains(rest[0], sentence, StringComparison.Ordinal);
        Assert.Contains("--force", sentence, StringComparison.Ordinal);
        ModelAssert.Sentence(() => Make("llama", "m"));
        Assert.Equal(before, Content(_folder["m"]));
        ModelAssert.Convert(input, _folder["m"], null, force: true);
        Assert.Equal(
            ["config.json", "model-of-mine.safetensors", "model.safetensors"],
            Content(_folder["m"]).Select(file => file.Name)
        );
    }

    [Fact]
    public void A_folder_without_a_model_is_refused_and_keeps_everything_with_force()
    {
        Make("llama", "in.gguf");
        using var input = ModelFiles.Open(_folder["in.gguf"]);
        Directory.CreateDirectory(_folder["work/sub"]);
        File.WriteAllText(_folder["work/vocab.json"], "mine");
        File.WriteAllText(_folder["work/.hidden"], "mine");
        var sentence = ModelAssert.Sentence(() =>
            ModelAssert.Convert(input, _folder["work"], null)
        );
        Assert.Contains("'.hidden'", sentence, StringComparison.Ordinal);
        Assert.Contains("--force", sentence, StringComparison.Ordinal);
        ModelAssert.Sentence(() => Make("llama", "work"));
        ModelAssert.Convert(input, _folder["work"], null, force: true);
        Assert.Equal(
            [
                ".hidden",
                "config.json",
                "generation_config.json",
                "model.safetensors",
                "tokenizer.json",
                "tokenizer_config.json",
                "vocab.json",
            ],
            Content(_folder["work"]).Select(file => file.Name)
        );
        Assert.True(Directory.Exists(_folder["work/sub"]));
        Assert.Equal("mine", File.ReadAllText(_folder["work/vocab.json"]));
    }

    [Fact]
    public void A_folder_is_written_again_beside_what_a_killed_run_left()
    {
        Make("llama", "in.gguf");
        using var input = ModelFiles.Open(_folder["in.gguf"]);
        Directory.CreateDirectory(_folder["m"]);
        var left = _folder[$"m/model.safetensors.{SpecialFiles.DeadProcess()}.partial"];
        File.WriteAllText(left, "half");
        ModelAssert.Convert(input, _folder["m"], null);
        Assert.False(File.Exists(left));
        ModelAssert.Convert(input, _folder["m"], WeightFormats.F16);
        using var output = ModelFiles.Open(_folder["m"]);
        Assert.Contains(output.Tensors, tensor => tensor.Format == WeightFormats.F16);
        Assert.Equal(
            [
                "config.json",
                "generation_config.json",
                "model.safetensors",
                "tokenizer.json",
                "tokenizer_config.json",
            ],
            Content(_folder["m"]).Select(file => file.Name)
        );
    }

    [Fact]
    public void Links_of_a_folder_are_followed_and_stay()
    {
        Make("llama", "in.gguf");
        using var input = ModelFiles.Open(_folder["in.gguf"]);
        Make("llama", "m");
        Directory.CreateDirectory(_folder["blobs"]);
        File.Move(_folder["m/model.safetensors"], _folder["blobs/1"]);
        File.CreateSymbolicLink(_folder["m/model.safetensors"], "../blobs/1");
        Directory.CreateSymbolicLink(_folder["link"], "m");
        ModelAssert.Convert(input, _folder["link"], WeightFormats.F16);
        Assert.Equal("../blobs/1", new FileInfo(_folder["m/model.safetensors"]).LinkTarget);
        Assert.Equal([_folder["blobs/1"]], Directory.GetFiles(_folder["blobs"]));
        using var output = ModelFiles.Open(_folder["m"]);
        Assert.Contains(output.Tensors, tensor => tensor.Format == WeightFormats.F16);
    }

    public void Dispose() => _folder.Dispose();

    private static (string Name, string Content)[] Content(string folder) =>
        [
            .. Directory
                .GetFiles(folder)
                .Order(StringComparer.Ordinal)
                .Select(file =>
                    (Path.GetFileName(file), Convert.ToHexString(File.ReadAllBytes(file)))
                ),
        ];

    private void Make(string family, string name)
    {
        var shape = ModelShapes.Get("stories-260k") with
        {
            Family = family,
            QueryKeyNorm = family == "qwen3",
        };
        ModelCreator.Create(
            "test",
            shape,
            _folder[name],
            WeightFormats.F32,
            1,
            null,
            null,
            false,
            TestContext.Current.CancellationToken
        );
    }
}
