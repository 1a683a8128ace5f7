using System.Text;
using System.Text.Json.Nodes;
using Puna.Engine.Files;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>Files that are wrong in one way each: the sentence names it.</summary>
public sealed class BadInputTests
{
    [Theory]
    [InlineData("entries", "1000000000000 metadata entries")]
    [InlineData("tensors", "1000000000000 tensors")]
    [InlineData("array", "array of 1000000000000 elements")]
    [InlineData("strings", "announces 1000000000000 strings")]
    [InlineData("long-string", "cut off or damaged")]
    [InlineData("nested", "array of arrays")]
    [InlineData("product", "which no file can hold")]
    [InlineData("zero", "which no file can hold")]
    [InlineData("past-end", "asks for")]
    [InlineData("overlap", "overlap")]
    [InlineData("unaligned", "alignment")]
    [InlineData("twice", "twice")]
    [InlineData("type", "IQ2_XXS")]
    [InlineData("blocks", "no whole number of Q8_0 blocks")]
    [InlineData("version", "version 1")]
    [InlineData("big-endian", "big-endian")]
    public void A_gguf_header_that_lies_is_refused(string what, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["m.gguf"], Gguf(what));
        Assert.Contains(
            expected,
            ModelAssert.Sentence(() => ModelFiles.Open(folder["m.gguf"])),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("llama.block_count", 5, "lacks tensor 'model.layers.4.")]
    [InlineData("llama.block_count", 3, "no part of a llama model")]
    [InlineData("llama.block_count", 0, "a positive number is needed")]
    [InlineData("llama.attention.head_count_kv", 3, "must divide")]
    [InlineData("llama.attention.head_count_kv", 4, "of shape [32, 64]")]
    [InlineData("llama.attention.key_length", 15, "but a head has 15")]
    [InlineData("llama.embedding_length", 128, "of shape [256, 64]")]
    [InlineData("llama.context_length", 0, "a positive number is needed")]
    public void Gguf_metadata_that_does_not_fit_is_refused(string key, int value, string expected)
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(SharedData.Path("tiny-gguf", "llama-gqa.gguf"));
        var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(key)) + key.Length + 4;
        BitConverter.TryWriteBytes(bytes.AsSpan(at), value);
        File.WriteAllBytes(folder["m.gguf"], bytes);
        Assert.Contains(
            expected,
            ModelAssert.Sentence(() => ModelFiles.Open(folder["m.gguf"])),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("{}", "lacks tensor")]
    [InlineData("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}", "F8_E4M3")]
    [InlineData(
        "{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
        "F32, F16 or BF16"
    )]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,4]}}",
        "needs 16 bytes"
    )]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4294967296],\"data_offsets\":[0,4]}}",
        "which no file can hold"
    )]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1000000000000],\"data_offsets\":[0,4000000000000]}}",
        "cut off"
    )]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "overlap"
    )]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "twice"
    )]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "no holes")]
    [InlineData(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "no valid JSON of the safetensors form"
    )]
    [InlineData("{\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}", "no valid JSON of the safetensors form")]
    public void A_safetensors_header_that_lies_is_refused(string header, string expected)
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Path("tiny", "llama-odd", "config.json"), folder["config.json"]);
        var json = Encoding.UTF8.GetBytes(header);
        var data = expected is "lacks tensor" ? 0 : 8;
        File.WriteAllBytes(
            folder["model.safetensors"],
            [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[data]]
        );
        Assert.Contains(
            expected,
            ModelAssert.Sentence(() => ModelFiles.Open(folder.Path)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("hidden_size", "0", "lacks tensor|hidden size of 0|asks for")]
    [InlineData("num_attention_heads", "5", "must divide")]
    [InlineData("head_dim", "13", "needs an even one")]
    [InlineData("num_hidden_layers", "1000000000", "1 to 4096")]
    [InlineData("vocab_size", "\"many\"", "an integer of 32 bits")]
    [InlineData("vocab_size", "258", "[259, 72]")]
    [InlineData("hidden_act", "\"gelu\"", "gelu")]
    [InlineData("rms_norm_eps", "-1", "positive")]
    [InlineData("rope_parameters", "{\"rope_type\": \"dynamic\"}", "dynamic")]
    [InlineData("rope_parameters", "{\"rope_type\": \"linear\", \"factor\": 0}", "positive")]
    [InlineData(
        "rope_parameters",
        "{\"rope_type\": \"yarn\", \"original_max_position_embeddings\": 0}",
        "positive|original"
    )]
    [InlineData("quantization_config", "{\"bits\": 4}", "quantization_config")]
    [InlineData("model_type", "\"lama\"", "nearest is llama")]
    [InlineData("eos_token_id", "[2, 300]", "special token 300")]
    [InlineData("attention_bias", "true", "lacks tensor 'model.layers.0.self_attn.q_proj.bias'")]
    public void A_config_that_cannot_be_run_is_refused(string field, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        var source = SharedData.Path("tiny", "llama-odd");
        File.Copy(Path.Combine(source, "model.safetensors"), folder["model.safetensors"]);
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!;
        json[field] = JsonNode.Parse(value);
        File.WriteAllText(folder["config.json"], json.ToJsonString());
        var message = ModelAssert.Sentence(() => ModelFiles.Open(folder.Path));
        Assert.True(
            expected.Split('|').Any(part => message.Contains(part, StringComparison.Ordinal)),
            message
        );
    }

    [Fact]
    public void A_config_may_be_deep_or_no_json_and_is_still_one_sentence()
    {
        using var folder = new TemporaryFolder();
        File.Copy(
            SharedData.Path("tiny", "llama-odd", "model.safetensors"),
            folder["model.safetensors"]
        );
        foreach (
            var text in new[]
            {
                new string('[', 100_000),
                "{\"a\":" + string.Concat(Enumerable.Repeat("{\"a\":", 1000)),
                "",
                "null",
                "{\"model_type\": \"\\ud800\"}",
                "{\"model_type\": \"llama\", \"model_type\": \"qwen2\"}",
            }
        )
        {
            File.WriteAllText(folder["config.json"], text);
            ModelAssert.Sentence(() => ModelFiles.Open(folder.Path));
        }
    }

    [Fact]
    public void An_index_cannot_reach_outside_its_folder()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Path("tiny", "llama-odd", "config.json"), folder["config.json"]);
        File.WriteAllText(
            folder["model.safetensors.index.json"],
            "{\"weight_map\": {\"a\": \"../../etc/passwd\"}}"
        );
        Assert.Contains(
            "no file name in the same folder",
            ModelAssert.Sentence(() => ModelFiles.Open(folder.Path)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_no_model_is_refused_with_what_would_be_accepted()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            "There is no file",
            ModelAssert.Sentence(() => ModelFiles.Open(folder["none"])),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "config.json",
            ModelAssert.Sentence(() => ModelFiles.Open(folder.Path)),
            StringComparison.Ordinal
        );
        File.WriteAllBytes(folder["zip.bin"], [0x50, 0x4B, 3, 4, .. new byte[60]]);
        Assert.Contains(
            "PyTorch",
            ModelAssert.Sentence(() => ModelFiles.Open(folder["zip.bin"])),
            StringComparison.Ordinal
        );
        foreach (var bytes in new byte[][] { [], [1], [.. "GGUF"u8], new byte[4096] })
        {
            File.WriteAllBytes(folder["x"], bytes);
            ModelAssert.Sentence(() => ModelFiles.Open(folder["x"]));
        }

        File.Copy(SharedData.Path("weights", "stories260K", "tok512.bin"), folder["tok.bin"]);
        ModelAssert.Sentence(() => ModelFiles.Open(folder["tok.bin"]));
        if (OperatingSystem.IsLinux())
        {
            ModelAssert.Sentence(() => ModelFiles.Open("/dev/zero"));
        }

        Assert.Contains(
            "vocabulary",
            ModelAssert.Sentence(() =>
                ModelFiles.Open(
                    SharedData.Path("tokenizers", "gguf-vocab", "ggml-vocab-llama-spm.gguf")
                )
            ),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_llama2c_file_of_another_length_names_both_lengths()
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(SharedData.Path("weights", "stories260K", "stories260K.bin"));
        File.WriteAllBytes(folder["m.bin"], bytes[..^4]);
        var message = ModelAssert.Sentence(() => ModelFiles.Open(folder["m.bin"]));
        Assert.Contains("1056540", message, StringComparison.Ordinal);
        Assert.Contains("1056536", message, StringComparison.Ordinal);
    }

    private static byte[] Gguf(string what)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        const ulong Absurd = 1_000_000_000_000;
        writer.Write("GGUF"u8);
        writer.Write(
            what switch
            {
                "version" => 1u,
                "big-endian" => 0x03000000u,
                _ => 3u,
            }
        );
        writer.Write(what == "tensors" ? Absurd : 2);
        writer.Write(what == "entries" ? Absurd : 1);
        Text(writer, "k");
        switch (what)
        {
            case "array" or "strings" or "nested":
                writer.Write(9u);
                writer.Write(
                    what switch
                    {
                        "array" => 4u,
                        "strings" => 8u,
                        _ => 9u,
                    }
                );
                writer.Write(Absurd);
                break;
            case "long-string":
                writer.Write(8u);
                writer.Write(Absurd);
                break;
            default:
                writer.Write(4u);
                writer.Write(1u);
                break;
        }

        Tensor(writer, "a", 64, 1, 0, 0);
        Tensor(
            writer,
            what == "twice" ? "a" : "b",
            what switch
            {
                "product" => 1UL << 60,
                "zero" => 0,
                "blocks" => 33,
                _ => 64,
            },
            what == "product" ? 1UL << 60 : 1,
            what switch
            {
                "type" => 16,
                "blocks" => 8,
                _ => 0,
            },
            what switch
            {
                "past-end" => 1UL << 40,
                "overlap" => 224,
                "unaligned" => 257,
                _ => 256,
            }
        );
        writer.Write(new byte[1024]);
        return stream.ToArray();
    }

    private static void Tensor(
        BinaryWriter writer,
        string name,
        ulong columns,
        ulong rows,
        uint type,
        ulong offset
    )
    {
        Text(writer, name);
        writer.Write(2u);
        writer.Write(columns);
        writer.Write(rows);
        writer.Write(type);
        writer.Write(offset);
    }

    private static void Text(BinaryWriter writer, string text)
    {
        writer.Write((ulong)text.Length);
        writer.Write(Encoding.UTF8.GetBytes(text));
    }
}
