using Engine.Tests.Training;
using StbImageSharp;

namespace Engine.Tests.Data.Pictures;

/// <summary>
/// Each lesson of images on a folder of pictures as a user has one: 300 JPEG and PNG files of mixed sizes, in colour, in three classes,
/// and among them files that are damaged or of kinds that are not read. It needs the built lessons in one folder, which
/// <c>ENGINE_LESSONS</c> names, as <c>.ci/bundle</c> lays them beside the tests.
/// </summary>
public sealed class LessonPicturesTests : IsolatedTests
{
    private static readonly string s_folder = Environment.GetEnvironmentVariable("ENGINE_LESSONS") ?? AppContext.BaseDirectory;

    /// <summary>Lessons, with options under which an epoch takes seconds, and whether they draw colour.</summary>
    public static TheoryData<string, string, bool> Lessons => new()
    {
        { "gan", "", true },
        { "dcgan", "", true },
        { "cgan", "--width 2 --samples 0", true },
        { "wgan", "--width 2 --critic-steps 1", true },
        { "semi", "--labels 30 --width 2 --test-images 20", true },
        { "aae", "--hidden 8 --test-images 20", true },
        { "vae", "--conv --test-images 20 --test-samples 10", true },
        { "vqvae", "--width 4 --codes 8 --prior-features 4 --prior-layers 1 --autoencoder-epochs 1 --test-images 20 --samples 2", true },
        { "pixelcnn", "--size 16 --layers 1 --features 4 --test-images 10 --samples 2", true },
        { "flow", "--hidden 4 --couplings 2 --layers 1 --test-images 20", true },
        { "diffusion", "--width 4 --noise-steps 10 --sample-steps 3 --samples 4 --bound-images 2 --every 1", true },
        { "compare", "--width 2 --samples 0 --test-images 4", true },
    };

    [SkippableTheory, MemberData(nameof(Lessons))]
    public void A_folder_of_pictures_trains_every_lesson(string name, string options, bool isColored)
    {
        string assembly = Path.Combine(s_folder, $"{name}.dll");
        Skip.If(!File.Exists(assembly), "Where ENGINE_LESSONS names the built lessons.");
        MakePictures();
        using ChildProgram child = ChildProgram.Of(assembly, [
            "--data", Folder["pictures"], "--epochs", "1", "--batch", "32", "--device", "cpu:1", "--out", Folder["out"],
            .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        (int code, string output, string error) = child.Result();
        Assert.True(code == 0 && error.Length == 0, $"{name}: exit code {code}\n{output}\n{error}");
        foreach (string sentence in (string[])["cut.jpg is cut short", "dot.png has 1 x 1 pixels", "deep.png has 16 bits",
            "print.jpg is CMYK", "text.png is no PNG, JPEG, BMP, GIF or TGA file"])
            Assert.Contains(sentence, output, StringComparison.Ordinal);
        string[] drawn = Directory.GetFiles(Folder["out"], "*.png");
        Assert.NotEmpty(drawn);
        Assert.Equal(isColored, drawn.Any(IsColored));
    }

    private void MakePictures()
    {
        string[] classes = ["blue", "green", "red"];
        for (int i = 0; i < 300; i++)
        {
            (int width, int height, int hue) = (24 + (i * 7 % 90), 20 + (i * 11 % 70), i % 3);
            byte[] pixels = TestPictures.Pixels(width, height, i % 40);
            for (int p = 0; p < pixels.Length; p += 3) pixels[p + 2 - hue] = (byte)(180 + (i % 70));
            string format = i % 2 == 0 ? "jpg" : "png";
            Folder.Put($"pictures/{classes[hue]}/{i}.{format}", TestPictures.Encode(format, width, height, pixels));
        }

        byte[] whole = TestPictures.Encode("jpg", 40, 40, TestPictures.Pixels(40, 40));
        Folder.Put("pictures/red/cut.jpg", whole[..(whole.Length / 2)]);
        Folder.Put("pictures/red/dot.png", TestPictures.Plain(1, 1, 9, 9, 9));
        Folder.Put("pictures/green/deep.png", TestPictures.Png(30, 30, 16, 2, [200, 3, 9, 9, 50, 0]));
        Folder.Put("pictures/green/print.jpg", TestPictures.CmykJpeg);
        Folder.Put("pictures/blue/text.png", "A text."u8.ToArray());
    }

    private static bool IsColored(string png)
    {
        ImageResult picture = ImageResult.FromMemory(File.ReadAllBytes(png), ColorComponents.RedGreenBlue);
        return Enumerable.Range(0, picture.Data.Length / 3).Any(i => picture.Data[3 * i] != picture.Data[(3 * i) + 2]);
    }
}
