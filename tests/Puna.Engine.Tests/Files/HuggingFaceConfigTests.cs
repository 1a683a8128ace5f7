using System.Text.Json.Nodes;
using Puna.Engine.Files;
using Puna.Engine.Plan;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>Spellings of config.json that the recorded models do not use.</summary>
public sealed class HuggingFaceConfigTests
{
    [Fact]
    public void Qwen_layers_from_max_window_layers_on_have_the_window()
    {
        var config = Read(
            "qwen2",
            json =>
            {
                json["use_sliding_window"] = true;
                json["sliding_window"] = 32;
                json["max_window_layers"] = 2;
                json.Remove("layer_types");
            }
        );
        Assert.Equal(32, config.SlidingWindow);
        Assert.Equal([2, 3], config.WindowedLayers);
    }

    [Fact]
    public void Layer_types_win_over_max_window_layers()
    {
        var config = Read(
            "qwen3",
            json =>
            {
                json["use_sliding_window"] = true;
                json["sliding_window"] = 32;
                json["layer_types"] = new JsonArray(
                    "sliding_attention",
                    "full_attention",
                    "sliding_attention",
                    "full_attention"
                );
            }
        );
        Assert.Equal([0, 2], config.WindowedLayers);
    }

    [Fact]
    public void An_interval_names_the_layers_without_rotation()
    {
        var config = Read(
            "smollm3",
            json =>
            {
                json.Remove("no_rope_layers");
                json["no_rope_layer_interval"] = 2;
            }
        );
        Assert.Equal([1, 3], config.LayersWithoutRope);
    }

    [Fact]
    public void Ends_are_joined_from_config_and_generation_config()
    {
        var config = Read(
            "llama-gqa",
            json => json["eos_token_id"] = new JsonArray(2, 3),
            "{\"eos_token_id\": [3, 7]}"
        );
        Assert.Equal([2, 3, 7], config.EosIds);
    }

    [Fact]
    public void The_attention_factor_of_yarn_may_be_given_or_follow_from_two_scales()
    {
        var given = Read(
            "llama-rope-yarn",
            json => json["rope_parameters"]!["attention_factor"] = 1.25
        );
        Assert.Equal(1.25, given.Rope.AttentionFactor);
        var scaled = Read(
            "llama-rope-yarn",
            json =>
            {
                json["rope_parameters"]!["mscale"] = 1.0;
                json["rope_parameters"]!["mscale_all_dim"] = 0.5;
                json["rope_parameters"]!["truncate"] = false;
            }
        );
        Assert.Equal(
            (0.1 * Math.Log(4) + 1) / (0.05 * Math.Log(4) + 1),
            scaled.Rope.AttentionFactor!.Value,
            Tolerance.F32Unit
        );
        Assert.False(scaled.Rope.YarnTruncate);
    }

    [Fact]
    public void Yarn_with_all_its_numbers_survives_gguf_and_a_folder()
    {
        using var folder = new TemporaryFolder();
        Write(
            folder,
            "llama-rope-yarn",
            json =>
            {
                json["rope_parameters"]!["attention_factor"] = 1.25;
                json["rope_parameters"]!["beta_fast"] = 24.0;
                json["rope_parameters"]!["beta_slow"] = 2.0;
            },
            null
        );
        using var input = ModelFiles.Open(folder.Path);
        ModelAssert.Convert(input, folder["m.gguf"], null);
        using var gguf = ModelFiles.Open(folder["m.gguf"]);
        ModelAssert.Convert(gguf, folder["again"], null);
        using var again = ModelFiles.Open(folder["again"]);
        foreach (var rope in new[] { gguf.Config.Rope, again.Config.Rope })
        {
            Assert.Equal((24d, 2d), (rope.BetaFast, rope.BetaSlow));
            Assert.Equal(1.25, rope.AttentionFactor!.Value, 4 * Tolerance.F32Unit);
        }
    }

    [Fact]
    public void An_untied_file_that_does_not_say_so_is_known_by_its_output_matrix()
    {
        Assert.False(Read("llama-gqa", json => json.Remove("tie_word_embeddings")).TieEmbeddings);
        Assert.True(
            Read("llama-mha-tied", json => json.Remove("tie_word_embeddings")).TieEmbeddings
        );
    }

    private static ModelConfig Read(
        string name,
        Action<JsonObject> change,
        string? generation = null
    )
    {
        using var folder = new TemporaryFolder();
        Write(folder, name, change, generation);
        using var model = ModelFiles.Open(folder.Path);
        return model.Config;
    }

    private static void Write(
        TemporaryFolder folder,
        string name,
        Action<JsonObject> change,
        string? generation
    )
    {
        var source = SharedData.Path("tiny", name);
        foreach (var file in Directory.EnumerateFiles(source, "model*"))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        var json = (JsonObject)
            JsonNode.Parse(File.ReadAllText(Path.Combine(source, "config.json")))!;
        change(json);
        File.WriteAllText(folder["config.json"], json.ToJsonString());
        if (generation is not null)
        {
            File.WriteAllText(folder["generation_config.json"], generation);
        }
    }
}
