using System.Text;
using System.Text.Json;
using Puna.Engine.Files;
using Puna.Engine.Files.Gguf;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>What a file holds is told whether it can be run or not.</summary>
public sealed class ModelContentsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Ggufs => All("*.gguf");

    public static TheoryData<string> Safetensors => All("*.safetensors");

    [Theory]
    [MemberData(nameof(Ggufs))]
    public void Every_gguf_shows_all_its_tensors(string name)
    {
        var path = SharedData.Path(name.Split('/'));
        var contents = ModelContents.Read(path);
        Assert.Equal(contents.Plan is null, contents.Reason is not null);
        Assert.NotEmpty(contents.Metadata);
        var (tensors, bytes) = GgufWalk.Of(path);
        Assert.Equal(
            tensors.Select(tensor => (tensor.Name, Text(tensor.Shape))),
            contents.Tensors.Select(tensor => (tensor.StoredName, Text(tensor.Shape)))
        );

        // Each ends where the next one begins, padded to the alignment.
        long[] starts =
        [
            .. tensors.Select(tensor => tensor.Offset).Order(),
            (bytes + 31) / 32 * 32,
        ];
        foreach (var (walked, shown) in tensors.Zip(contents.Tensors))
        {
            var next = starts[Array.IndexOf(starts, walked.Offset) + 1];
            Assert.Equal(next - walked.Offset, (shown.Bytes + 31) / 32 * 32);
        }
    }

    [Theory]
    [MemberData(nameof(Safetensors))]
    public void Every_safetensors_shows_all_its_tensors(string name)
    {
        var path = SharedData.Path(name.Split('/'));
        using var header = Header(path);
        var contents = ModelContents.Read(path);
        Assert.Equal(contents.Plan is null, contents.Reason is not null);
        Assert.Equal(
            header
                .RootElement.EnumerateObject()
                .Where(entry => entry.Name != "__metadata__")
                .Select(entry =>
                    (
                        entry.Name,
                        entry.Value.GetProperty("dtype").GetString()!.ToLowerInvariant(),
                        Text(
                            entry
                                .Value.GetProperty("shape")
                                .EnumerateArray()
                                .Select(size => size.GetInt64())
                        ),
                        entry.Value.GetProperty("data_offsets")[1].GetInt64()
                            - entry.Value.GetProperty("data_offsets")[0].GetInt64()
                    )
                ),
            contents.Tensors.Select(tensor =>
                (tensor.StoredName, tensor.Format, Text(tensor.Shape), tensor.Bytes)
            )
        );
    }

    [Theory]
    [InlineData("no model", "general.type", "adapter")]
    [InlineData("no model", "general.type", "mmproj")]
    [InlineData("'clip'", "general.architecture", "clip")]
    [InlineData("general.architecture", "general.name", "nothing else")]
    public void A_gguf_of_another_kind_says_what_it_is(string reason, string key, string value)
    {
        using (var writer = new GgufWriter())
        {
            writer.Add(key, value);
            Write(writer);
        }

        var contents = ModelContents.Read(_folder["a.gguf"]);
        Assert.Contains(reason, contents.Reason, StringComparison.Ordinal);
        Assert.Null(contents.Plan);
        Assert.Contains(KeyValuePair.Create(key, value), contents.Metadata);
        Assert.Equal((0, 0), (contents.Parameters, contents.Bytes));
    }

    [Fact]
    public void Values_are_short_and_cannot_move_the_cursor()
    {
        using (var writer = new GgufWriter())
        {
            writer.Add("general.architecture", "x");
            writer.Add("a", "line\nnext\u001b[2J\u202egnp");
            writer.Add("b", new string('가', 5000));
            writer.Add("c", Enumerable.Range(0, 1000).ToArray());
            Write(writer);
        }

        var metadata = ModelContents.Read(_folder["a.gguf"]).Metadata.ToDictionary();
        Assert.Equal(@"line\nnext\u001B[2J\u202Egnp", metadata["a"]);
        Assert.StartsWith("가가", metadata["b"], StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', metadata["b"]);
        Assert.InRange(metadata["b"].Length, 10, 210);
        Assert.Equal("[0, 1, 2, 3, ... (1000 in all)]", metadata["c"]);
    }

    [Theory]
    [InlineData(57u, "number 57")]
    [InlineData(40u, "nvfp4")]
    public void A_type_of_unknown_size_has_what_lies_before_the_next_tensor(uint type, string name)
    {
        ModelAssert.Create("stories-260k", _folder["m.gguf"], WeightFormats.F32, 1);
        var expected = ModelContents.Read(_folder["m.gguf"]);
        var changed = expected.Tensors[^1];
        Retype(changed.StoredName, type);
        var contents = ModelContents.Read(_folder["m.gguf"]);
        Assert.Contains(name, contents.Reason!.ToLowerInvariant(), StringComparison.Ordinal);
        Assert.Equal(expected.Bytes, contents.Bytes);
        Assert.Equal(
            changed with
            {
                Format = name,
            },
            contents.Tensors[^1] with
            {
                Shape = changed.Shape,
            }
        );
    }

    [Fact]
    public void Types_of_safetensors_that_cannot_be_read_are_shown()
    {
        WriteSafetensors(
            """{"a":{"dtype":"F8_E4M3","shape":[2,3],"data_offsets":[0,6]},"__metadata__":{"k":"v\n"}}""",
            6
        );
        var contents = ModelContents.Read(_folder["a.safetensors"]);
        Assert.Equal(("f8_e4m3", 6L), (contents.Tensors[0].Format, contents.Tensors[0].Bytes));
        Assert.Equal(6, contents.Parameters);
        Assert.Equal([KeyValuePair.Create("k", @"v\n")], contents.Metadata);
        Assert.Contains("config.json", contents.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_shows_its_configuration_and_says_that_it_is_one()
    {
        WriteSafetensors("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8);
        File.Move(_folder["a.safetensors"], _folder["adapter_model.safetensors"]);
        File.WriteAllText(_folder["adapter_config.json"], """{"peft_type":"LORA","r":8}""");
        foreach (var path in (string[])[_folder["adapter_model.safetensors"], _folder.Path])
        {
            var contents = ModelContents.Read(path);
            Assert.Contains("adapter", contents.Reason, StringComparison.Ordinal);
            Assert.Contains(KeyValuePair.Create("r", "8"), contents.Metadata);
            Assert.Equal(2, contents.Parameters);
        }
    }

    [Fact]
    public void A_shard_and_a_folder_of_an_unknown_family_are_shown()
    {
        WriteSafetensors("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8);
        File.Copy(_folder["a.safetensors"], _folder["model-00001-of-00002.safetensors"]);
        WriteSafetensors("""{"b":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", 12);
        File.Copy(_folder["a.safetensors"], _folder["model-00002-of-00002.safetensors"]);
        File.WriteAllText(_folder["config.json"], """{"model_type":"rwkv"}""");
        var shard = ModelContents.Read(_folder["model-00001-of-00002.safetensors"]);
        Assert.Equal(("rwkv", 2L), (shard.Family, shard.Parameters));
        var folder = ModelContents.Read(_folder.Path);
        Assert.Equal(("rwkv", 5L, 20L), (folder.Family, folder.Parameters, folder.Bytes));
        Assert.Equal("safetensors (2 shards)", folder.Form);
    }

    [Fact]
    public void What_is_cut_off_or_nothing_known_is_refused()
    {
        ModelAssert.Create("stories-260k", _folder["m.gguf"], WeightFormats.F32, 1);
        var bytes = File.ReadAllBytes(_folder["m.gguf"]);
        foreach (var length in (int[])[7, 100, bytes.Length / 2, bytes.Length - 1])
        {
            File.WriteAllBytes(_folder["cut.gguf"], bytes[..length]);
            ModelAssert.Sentence(() => ModelContents.Read(_folder["cut.gguf"]));
        }

        WriteSafetensors("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7);
        ModelAssert.Sentence(() => ModelContents.Read(_folder["a.safetensors"]));
        WriteSafetensors("""{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,8]}}""", 7);
        ModelAssert.Sentence(() => ModelContents.Read(_folder["a.safetensors"]));
        File.WriteAllText(_folder["page"], "<html>no model, but a page that says so</html>");
        ModelAssert.Sentence(() => ModelContents.Read(_folder["page"]));
        ModelAssert.Sentence(() => ModelContents.Read(_folder["absent.gguf"]));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Every file of the data with such a name, with the folder that it lies in as its trait.</summary>
    private static TheoryData<string> All(string pattern)
    {
        var files = new TheoryData<string>();
        var found = SharedData.Folder is { } data
            ? Directory
                .EnumerateFiles(data, pattern, SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(data, path).Replace('\\', '/'))
                .Order(StringComparer.Ordinal)
            : Enumerable.Empty<string>();
        foreach (var file in found)
        {
            files.Add(new TheoryDataRow<string>(file).WithTrait("reference", file.Split('/')[0]));
        }

        if (files.Count == 0)
        {
            files.Add(ReferenceCases.None);
        }

        return files;
    }

    private static string Text(IEnumerable<long> shape) => string.Join(',', shape);

    private static JsonDocument Header(string path)
    {
        using var file = new BinaryReader(File.OpenRead(path));
        return JsonDocument.Parse(file.ReadBytes((int)file.ReadInt64()));
    }

    private void Write(GgufWriter writer)
    {
        using var stream = File.Create(_folder["a.gguf"]);
        writer.Write(stream, cancellation: TestContext.Current.CancellationToken);
    }

    private void WriteSafetensors(string header, int bytes)
    {
        var json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(
            _folder["a.safetensors"],
            [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[bytes]]
        );
    }

    /// <summary>Gives a tensor of m.gguf, one with one dimension, another type number.</summary>
    private void Retype(string tensor, uint type)
    {
        var bytes = File.ReadAllBytes(_folder["m.gguf"]);
        byte[] name =
        [
            .. BitConverter.GetBytes((long)tensor.Length),
            .. Encoding.UTF8.GetBytes(tensor),
        ];
        var at = bytes.AsSpan().IndexOf(name) + name.Length;
        var dimensions = BitConverter.ToInt32(bytes, at);
        BitConverter.TryWriteBytes(bytes.AsSpan(at + 4 + (dimensions * 8)), type);
        File.WriteAllBytes(_folder["m.gguf"], bytes);
    }
}
