-- A store of schema 6, written by moescope at 6c4aee7; README.md says how.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again, so that links stay true after a deletion
  name TEXT NOT NULL,
  started_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  state TEXT NOT NULL,              -- preparing running paused diverged failed finished interrupted
  message TEXT NOT NULL DEFAULT '', -- why it failed, diverged or stopped
  num_parameters INTEGER NOT NULL,
  gflops_per_image REAL,
  step INTEGER NOT NULL DEFAULT 0,  -- the last one stored
  wall_secs REAL NOT NULL DEFAULT 0,
  loss_step INTEGER,                -- of the last training loss; NULL: none yet
  loss REAL,                        -- NaN when loss_step is not NULL
  accuracy_step INTEGER,
  accuracy REAL,                    -- of the last training batch
  test_step INTEGER,                -- of the last plain evaluation of the test set; NULL: none yet
  test_accuracy REAL,
  test_loss REAL,
  starred INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0
, trashed_at TEXT);
INSERT INTO runs VALUES(1,'an old run','2026-11-22T17:03:27Z','2026-11-22T17:03:27Z','finished','steps=100 reached',1234,0.25,100,50.0,100,0.010000000000000000208,NULL,NULL,100,0.875,0.5,0,0,NULL);
CREATE TABLE param_keys_data (key_id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
INSERT INTO param_keys_data VALUES(1,'name');
INSERT INTO param_keys_data VALUES(2,'data.dataset');
INSERT INTO param_keys_data VALUES(3,'data.path');
INSERT INTO param_keys_data VALUES(4,'data.image_size');
INSERT INTO param_keys_data VALUES(5,'data.items_per_scene');
INSERT INTO param_keys_data VALUES(6,'data.scale');
INSERT INTO param_keys_data VALUES(7,'data.train_limit');
INSERT INTO param_keys_data VALUES(8,'data.test_limit');
INSERT INTO param_keys_data VALUES(9,'data.workers');
INSERT INTO param_keys_data VALUES(10,'model.patch');
INSERT INTO param_keys_data VALUES(11,'model.width');
INSERT INTO param_keys_data VALUES(12,'model.depth');
INSERT INTO param_keys_data VALUES(13,'model.heads');
INSERT INTO param_keys_data VALUES(14,'model.mlp');
INSERT INTO param_keys_data VALUES(15,'model.position');
INSERT INTO param_keys_data VALUES(16,'model.head');
INSERT INTO param_keys_data VALUES(17,'model.qk_norm');
INSERT INTO param_keys_data VALUES(18,'model.representation');
INSERT INTO param_keys_data VALUES(19,'model.head_bias_init');
INSERT INTO param_keys_data VALUES(20,'model.zero_head');
INSERT INTO param_keys_data VALUES(21,'model.moe_placement');
INSERT INTO param_keys_data VALUES(22,'model.moe_blocks');
INSERT INTO param_keys_data VALUES(23,'model.moe_list');
INSERT INTO param_keys_data VALUES(24,'router.kind');
INSERT INTO param_keys_data VALUES(25,'router.num_experts');
INSERT INTO param_keys_data VALUES(26,'router.expert_mlp');
INSERT INTO param_keys_data VALUES(27,'router.activation');
INSERT INTO param_keys_data VALUES(28,'router.identical_init');
INSERT INTO param_keys_data VALUES(29,'router.group_images');
INSERT INTO param_keys_data VALUES(30,'router.noise_std');
INSERT INTO param_keys_data VALUES(31,'router.temperature');
INSERT INTO param_keys_data VALUES(32,'router.capacity_factor');
INSERT INTO param_keys_data VALUES(33,'router.eval_capacity_factor');
INSERT INTO param_keys_data VALUES(34,'router.capacity_rounding');
INSERT INTO param_keys_data VALUES(35,'router.capacity_multiple_of');
INSERT INTO param_keys_data VALUES(36,'router.k');
INSERT INTO param_keys_data VALUES(37,'router.bpr');
INSERT INTO param_keys_data VALUES(38,'router.importance_weight');
INSERT INTO param_keys_data VALUES(39,'router.load_weight');
INSERT INTO param_keys_data VALUES(40,'router.gshard_weight');
INSERT INTO param_keys_data VALUES(41,'router.slots_per_expert');
INSERT INTO param_keys_data VALUES(42,'router.soft_normalize');
INSERT INTO param_keys_data VALUES(43,'router.soft_eps');
INSERT INTO param_keys_data VALUES(44,'router.scale_init');
INSERT INTO param_keys_data VALUES(45,'router.bf16_boundary');
INSERT INTO param_keys_data VALUES(46,'train.optimizer');
INSERT INTO param_keys_data VALUES(47,'train.learning_rate');
INSERT INTO param_keys_data VALUES(48,'train.end_learning_rate');
INSERT INTO param_keys_data VALUES(49,'train.weight_decay');
INSERT INTO param_keys_data VALUES(50,'train.head_weight_decay');
INSERT INTO param_keys_data VALUES(51,'train.decay_rule');
INSERT INTO param_keys_data VALUES(52,'train.beta1');
INSERT INTO param_keys_data VALUES(53,'train.beta2');
INSERT INTO param_keys_data VALUES(54,'train.epsilon');
INSERT INTO param_keys_data VALUES(55,'train.momentum');
INSERT INTO param_keys_data VALUES(56,'train.schedule');
INSERT INTO param_keys_data VALUES(57,'train.warmup_steps');
INSERT INTO param_keys_data VALUES(58,'train.schedule_steps');
INSERT INTO param_keys_data VALUES(59,'train.timescale');
INSERT INTO param_keys_data VALUES(60,'train.cooldown_steps');
INSERT INTO param_keys_data VALUES(61,'train.clip_norm');
INSERT INTO param_keys_data VALUES(62,'train.loss');
INSERT INTO param_keys_data VALUES(63,'train.label_smoothing');
INSERT INTO param_keys_data VALUES(64,'train.batch_size');
INSERT INTO param_keys_data VALUES(65,'train.micro_batch');
INSERT INTO param_keys_data VALUES(66,'train.epochs');
INSERT INTO param_keys_data VALUES(67,'train.flip');
INSERT INTO param_keys_data VALUES(68,'train.shift');
INSERT INTO param_keys_data VALUES(69,'train.crop');
INSERT INTO param_keys_data VALUES(70,'train.mixup');
INSERT INTO param_keys_data VALUES(71,'train.eval_every');
INSERT INTO param_keys_data VALUES(72,'train.checkpoint_secs');
INSERT INTO param_keys_data VALUES(73,'train.checkpoint_ring_mib');
INSERT INTO param_keys_data VALUES(74,'train.seed');
INSERT INTO param_keys_data VALUES(75,'compute.device');
INSERT INTO param_keys_data VALUES(76,'compute.precision');
INSERT INTO param_keys_data VALUES(77,'compute.threads');
INSERT INTO param_keys_data VALUES(78,'compute.instructions');
CREATE TABLE params_data (          -- the configuration as the run began, every field, defaults included
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL REFERENCES param_keys_data,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, key_id)
) WITHOUT ROWID;
INSERT INTO params_data VALUES(1,1,'an old run');
INSERT INTO params_data VALUES(1,2,'fashion_mnist');
INSERT INTO params_data VALUES(1,3,'');
INSERT INTO params_data VALUES(1,4,'0');
INSERT INTO params_data VALUES(1,5,'4');
INSERT INTO params_data VALUES(1,6,'standardize');
INSERT INTO params_data VALUES(1,7,'0');
INSERT INTO params_data VALUES(1,8,'0');
INSERT INTO params_data VALUES(1,9,'1');
INSERT INTO params_data VALUES(1,10,'4');
INSERT INTO params_data VALUES(1,11,'128');
INSERT INTO params_data VALUES(1,12,'4');
INSERT INTO params_data VALUES(1,13,'4');
INSERT INTO params_data VALUES(1,14,'512');
INSERT INTO params_data VALUES(1,15,'learned');
INSERT INTO params_data VALUES(1,16,'gap');
INSERT INTO params_data VALUES(1,17,'false');
INSERT INTO params_data VALUES(1,18,'0');
INSERT INTO params_data VALUES(1,19,'0');
INSERT INTO params_data VALUES(1,20,'false');
INSERT INTO params_data VALUES(1,21,'last');
INSERT INTO params_data VALUES(1,22,'2');
INSERT INTO params_data VALUES(1,23,'');
INSERT INTO params_data VALUES(1,24,'tokens_choice');
INSERT INTO params_data VALUES(1,25,'16');
INSERT INTO params_data VALUES(1,26,'0');
INSERT INTO params_data VALUES(1,27,'gelu_tanh');
INSERT INTO params_data VALUES(1,28,'false');
INSERT INTO params_data VALUES(1,29,'0');
INSERT INTO params_data VALUES(1,30,'1');
INSERT INTO params_data VALUES(1,31,'1');
INSERT INTO params_data VALUES(1,32,'1.05');
INSERT INTO params_data VALUES(1,33,'0');
INSERT INTO params_data VALUES(1,34,'ceil');
INSERT INTO params_data VALUES(1,35,'1');
INSERT INTO params_data VALUES(1,36,'1');
INSERT INTO params_data VALUES(1,37,'false');
INSERT INTO params_data VALUES(1,38,'0.005');
INSERT INTO params_data VALUES(1,39,'0.005');
INSERT INTO params_data VALUES(1,40,'0');
INSERT INTO params_data VALUES(1,41,'3');
INSERT INTO params_data VALUES(1,42,'logits');
INSERT INTO params_data VALUES(1,43,'inside');
INSERT INTO params_data VALUES(1,44,'1');
INSERT INTO params_data VALUES(1,45,'false');
INSERT INTO params_data VALUES(1,46,'adamw');
INSERT INTO params_data VALUES(1,47,'0.001');
INSERT INTO params_data VALUES(1,48,'0');
INSERT INTO params_data VALUES(1,49,'0.05');
INSERT INTO params_data VALUES(1,50,'-1');
INSERT INTO params_data VALUES(1,51,'all');
INSERT INTO params_data VALUES(1,52,'0.9');
INSERT INTO params_data VALUES(1,53,'0.999');
INSERT INTO params_data VALUES(1,54,'1e-08');
INSERT INTO params_data VALUES(1,55,'0.9');
INSERT INTO params_data VALUES(1,56,'cosine');
INSERT INTO params_data VALUES(1,57,'200');
INSERT INTO params_data VALUES(1,58,'0');
INSERT INTO params_data VALUES(1,59,'10000');
INSERT INTO params_data VALUES(1,60,'0');
INSERT INTO params_data VALUES(1,61,'0');
INSERT INTO params_data VALUES(1,62,'softmax');
INSERT INTO params_data VALUES(1,63,'0');
INSERT INTO params_data VALUES(1,64,'128');
INSERT INTO params_data VALUES(1,65,'32');
INSERT INTO params_data VALUES(1,66,'3');
INSERT INTO params_data VALUES(1,67,'true');
INSERT INTO params_data VALUES(1,68,'0');
INSERT INTO params_data VALUES(1,69,'0');
INSERT INTO params_data VALUES(1,70,'0');
INSERT INTO params_data VALUES(1,71,'0');
INSERT INTO params_data VALUES(1,72,'10');
INSERT INTO params_data VALUES(1,73,'128');
INSERT INTO params_data VALUES(1,74,'17');
INSERT INTO params_data VALUES(1,75,'automatic');
INSERT INTO params_data VALUES(1,76,'float32');
INSERT INTO params_data VALUES(1,77,'0');
INSERT INTO params_data VALUES(1,78,'automatic');
CREATE TABLE environment (          -- CPU, threads, dataset hash, commit, ...
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  since_step INTEGER NOT NULL,      -- 0, or the step at which the run was resumed where this had changed
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, key, since_step)
) WITHOUT ROWID;
INSERT INTO environment VALUES(1,0,'cpu','Old CPU');
INSERT INTO environment VALUES(1,0,'dataset_hash','0123456789abcdef');
CREATE TABLE metric_keys_data (key_id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
INSERT INTO metric_keys_data VALUES(1,'train/loss');
CREATE TABLE metrics_data (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL REFERENCES metric_keys_data,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  value REAL,                       -- NULL: NaN
  PRIMARY KEY (run_id, key_id, step, wall_secs)
) WITHOUT ROWID;
INSERT INTO metrics_data VALUES(1,1,1,0.5,1.0);
INSERT INTO metrics_data VALUES(1,1,2,1.0,0.5);
INSERT INTO metrics_data VALUES(1,1,3,1.5,0.33333333333333331482);
INSERT INTO metrics_data VALUES(1,1,4,2.0,0.25);
INSERT INTO metrics_data VALUES(1,1,5,2.5,0.2000000000000000111);
INSERT INTO metrics_data VALUES(1,1,6,3.0,0.16666666666666665741);
INSERT INTO metrics_data VALUES(1,1,7,3.5,0.14285714285714284921);
INSERT INTO metrics_data VALUES(1,1,8,4.0,0.125);
INSERT INTO metrics_data VALUES(1,1,9,4.5,0.11111111111111110494);
INSERT INTO metrics_data VALUES(1,1,10,5.0,0.10000000000000000555);
INSERT INTO metrics_data VALUES(1,1,11,5.5,0.090909090909090911614);
INSERT INTO metrics_data VALUES(1,1,12,6.0,0.083333333333333328707);
INSERT INTO metrics_data VALUES(1,1,13,6.5,0.076923076923076927347);
INSERT INTO metrics_data VALUES(1,1,14,7.0,0.071428571428571424606);
INSERT INTO metrics_data VALUES(1,1,15,7.5,0.066666666666666665741);
INSERT INTO metrics_data VALUES(1,1,16,8.0,0.0625);
INSERT INTO metrics_data VALUES(1,1,17,8.5,0.058823529411764705066);
INSERT INTO metrics_data VALUES(1,1,18,9.0,0.055555555555555552471);
INSERT INTO metrics_data VALUES(1,1,19,9.5,0.05263157894736841813);
INSERT INTO metrics_data VALUES(1,1,20,10.0,0.050000000000000002775);
INSERT INTO metrics_data VALUES(1,1,21,10.499999999999999999,0.047619047619047616404);
INSERT INTO metrics_data VALUES(1,1,22,11.0,0.045454545454545455807);
INSERT INTO metrics_data VALUES(1,1,23,11.499999999999999999,0.043478260869565216184);
INSERT INTO metrics_data VALUES(1,1,24,12.0,0.041666666666666664353);
INSERT INTO metrics_data VALUES(1,1,25,12.5,0.040000000000000000832);
INSERT INTO metrics_data VALUES(1,1,26,13.0,0.038461538461538463673);
INSERT INTO metrics_data VALUES(1,1,27,13.5,0.037037037037037034981);
INSERT INTO metrics_data VALUES(1,1,28,14.0,0.035714285714285712303);
INSERT INTO metrics_data VALUES(1,1,29,14.5,0.034482758620689654693);
INSERT INTO metrics_data VALUES(1,1,30,15.0,0.03333333333333333287);
INSERT INTO metrics_data VALUES(1,1,31,15.499999999999999999,0.032258064516129031362);
INSERT INTO metrics_data VALUES(1,1,32,16.0,0.03125);
INSERT INTO metrics_data VALUES(1,1,33,16.5,0.030303030303030303871);
INSERT INTO metrics_data VALUES(1,1,34,17.0,0.029411764705882352533);
INSERT INTO metrics_data VALUES(1,1,35,17.5,0.028571428571428570536);
INSERT INTO metrics_data VALUES(1,1,36,18.0,0.027777777777777776235);
INSERT INTO metrics_data VALUES(1,1,37,18.5,0.027027027027027028527);
INSERT INTO metrics_data VALUES(1,1,38,19.0,0.026315789473684209065);
INSERT INTO metrics_data VALUES(1,1,39,19.5,0.025641025641025640136);
INSERT INTO metrics_data VALUES(1,1,40,20.0,0.025000000000000001387);
INSERT INTO metrics_data VALUES(1,1,41,20.499999999999999999,0.024390243902439025236);
INSERT INTO metrics_data VALUES(1,1,42,21.0,0.023809523809523808202);
INSERT INTO metrics_data VALUES(1,1,43,21.5,0.02325581395348837177);
INSERT INTO metrics_data VALUES(1,1,44,22.0,0.022727272727272727903);
INSERT INTO metrics_data VALUES(1,1,45,22.5,0.02222222222222222307);
INSERT INTO metrics_data VALUES(1,1,46,23.0,0.021739130434782608092);
INSERT INTO metrics_data VALUES(1,1,47,23.499999999999999999,0.021276595744680850547);
INSERT INTO metrics_data VALUES(1,1,48,24.0,0.020833333333333332176);
INSERT INTO metrics_data VALUES(1,1,49,24.5,0.02040816326530612082);
INSERT INTO metrics_data VALUES(1,1,50,25.0,NULL);
INSERT INTO metrics_data VALUES(1,1,51,25.499999999999999999,0.019607843137254901688);
INSERT INTO metrics_data VALUES(1,1,52,26.0,0.019230769230769231836);
INSERT INTO metrics_data VALUES(1,1,53,26.5,0.018867924528301886072);
INSERT INTO metrics_data VALUES(1,1,54,27.0,0.01851851851851851749);
INSERT INTO metrics_data VALUES(1,1,55,27.5,0.018181818181818180935);
INSERT INTO metrics_data VALUES(1,1,56,28.0,0.017857142857142856151);
INSERT INTO metrics_data VALUES(1,1,57,28.499999999999999999,0.017543859649122806043);
INSERT INTO metrics_data VALUES(1,1,58,29.0,0.017241379310344827346);
INSERT INTO metrics_data VALUES(1,1,59,29.5,0.016949152542372881297);
INSERT INTO metrics_data VALUES(1,1,60,30.0,1e999);
INSERT INTO metrics_data VALUES(1,1,61,30.499999999999999999,0.016393442622950820525);
INSERT INTO metrics_data VALUES(1,1,62,31.0,0.016129032258064515681);
INSERT INTO metrics_data VALUES(1,1,63,31.5,0.015873015873015872134);
INSERT INTO metrics_data VALUES(1,1,64,32.0,0.015625);
INSERT INTO metrics_data VALUES(1,1,65,32.5,0.015384615384615385469);
INSERT INTO metrics_data VALUES(1,1,66,33.0,0.015151515151515151935);
INSERT INTO metrics_data VALUES(1,1,67,33.499999999999999999,0.014925373134328357924);
INSERT INTO metrics_data VALUES(1,1,68,34.0,0.014705882352941176266);
INSERT INTO metrics_data VALUES(1,1,69,34.5,0.014492753623188405973);
INSERT INTO metrics_data VALUES(1,1,70,35.0,0.014285714285714285268);
INSERT INTO metrics_data VALUES(1,1,71,35.499999999999999999,0.014084507042253521444);
INSERT INTO metrics_data VALUES(1,1,72,36.0,0.013888888888888888117);
INSERT INTO metrics_data VALUES(1,1,73,36.5,0.013698630136986300609);
INSERT INTO metrics_data VALUES(1,1,74,37.0,0.013513513513513514263);
INSERT INTO metrics_data VALUES(1,1,75,37.5,0.013333333333333334189);
INSERT INTO metrics_data VALUES(1,1,76,38.0,0.013157894736842104532);
INSERT INTO metrics_data VALUES(1,1,77,38.499999999999999999,0.012987012987012987869);
INSERT INTO metrics_data VALUES(1,1,78,39.0,0.012820512820512820068);
INSERT INTO metrics_data VALUES(1,1,79,39.5,0.012658227848101265625);
INSERT INTO metrics_data VALUES(1,1,80,40.0,0.012500000000000000693);
INSERT INTO metrics_data VALUES(1,1,81,40.500000000000000001,0.012345679012345678327);
INSERT INTO metrics_data VALUES(1,1,82,41.0,0.012195121951219512618);
INSERT INTO metrics_data VALUES(1,1,83,41.5,0.012048192771084337976);
INSERT INTO metrics_data VALUES(1,1,84,42.0,0.011904761904761904101);
INSERT INTO metrics_data VALUES(1,1,85,42.5,0.011764705882352941013);
INSERT INTO metrics_data VALUES(1,1,86,43.0,0.011627906976744185885);
INSERT INTO metrics_data VALUES(1,1,87,43.499999999999999999,0.011494252873563218231);
INSERT INTO metrics_data VALUES(1,1,88,44.0,0.011363636363636363951);
INSERT INTO metrics_data VALUES(1,1,89,44.499999999999999998,0.011235955056179774969);
INSERT INTO metrics_data VALUES(1,1,90,45.0,0.011111111111111111535);
INSERT INTO metrics_data VALUES(1,1,91,45.500000000000000001,0.010989010989010989868);
INSERT INTO metrics_data VALUES(1,1,92,46.0,0.010869565217391304046);
INSERT INTO metrics_data VALUES(1,1,93,46.5,0.01075268817204301161);
INSERT INTO metrics_data VALUES(1,1,94,47.0,0.010638297872340425273);
INSERT INTO metrics_data VALUES(1,1,95,47.5,0.010526315789473683973);
INSERT INTO metrics_data VALUES(1,1,96,48.0,0.010416666666666666088);
INSERT INTO metrics_data VALUES(1,1,97,48.499999999999999999,0.01030927835051546372);
INSERT INTO metrics_data VALUES(1,1,98,49.0,0.01020408163265306041);
INSERT INTO metrics_data VALUES(1,1,99,49.499999999999999998,0.010101010101010101868);
INSERT INTO metrics_data VALUES(1,1,100,50.0,0.010000000000000000208);
CREATE TABLE commands (             -- each change of a knob: part of the experiment
  command_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  key TEXT NOT NULL,                -- a field, or "run" for pause and the like
  old_value TEXT NOT NULL,
  new_value TEXT NOT NULL
);
INSERT INTO commands VALUES(1,1,20,10.0,'router.noise_std','1','0.5');
CREATE TABLE evaluations (
  evaluation_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  split TEXT NOT NULL,              -- "test", "train"
  num_images INTEGER NOT NULL,
  accuracy REAL,                    -- NULL: NaN
  loss REAL,                        -- NULL: NaN
  setting TEXT NOT NULL             -- what differed from the run's own configuration; '' nothing
);
INSERT INTO evaluations VALUES(1,1,100,50.0,'test',10,0.875,0.5,'');
CREATE TABLE events (               -- the run's states, and what the store itself has to say about it
  event_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  state TEXT NOT NULL,
  message TEXT NOT NULL,
  at TEXT NOT NULL
);
INSERT INTO events VALUES(1,1,0,0.0,'running','','2026-11-22T17:03:27Z');
INSERT INTO events VALUES(2,1,100,50.0,'finished','steps=100 reached','2026-11-22T17:03:27Z');
CREATE TABLE notes (
  note_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER,                     -- NULL: about the whole run
  written_at TEXT NOT NULL,
  text TEXT NOT NULL
);
INSERT INTO notes VALUES(1,1,100,'2026-11-22T17:03:27Z','kept since then');
CREATE TABLE routing_maps (
  map_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  layer INTEGER NOT NULL,           -- block, from 0
  image TEXT NOT NULL,              -- "test 17", "shoe.png"
  token_set TEXT NOT NULL,
  router TEXT NOT NULL,             -- soft tokens_choice experts_choice
  grid_height INTEGER NOT NULL,     -- patches
  grid_width INTEGER NOT NULL,
  has_class_token INTEGER NOT NULL, -- 1: token 0 is the class token, patch i is token i + 1
  num_tokens INTEGER NOT NULL,
  num_experts INTEGER NOT NULL,
  temperature REAL,
  k INTEGER NOT NULL,
  capacity INTEGER NOT NULL,
  actual_capacity_factor REAL,
  slots_per_expert INTEGER NOT NULL,
  scale REAL,
  gates BLOB NOT NULL,              -- (S,E) float32: softmax over experts
  expert BLOB NOT NULL,             -- (S,K) int32: wanted expert of each choice, best first; -1 none
  weight BLOB NOT NULL,             -- (S,K) float32: its gate
  place BLOB NOT NULL,              -- (S,K) int32: place in the expert's buffer, counted even when dropped
  drop_reason BLOB NOT NULL,        -- (S,K) uint8: 0 executed, 1 expert full, 2 expert switched off
  dispatch BLOB NOT NULL,           -- (S,Q) float32: each column sums to 1
  combine BLOB NOT NULL,            -- (S,Q) float32: each row sums to 1
  expert_off BLOB NOT NULL          -- (E) uint8: 1 switched off by hand
);
INSERT INTO routing_maps VALUES(1,1,100,1,'test 3','test 3, its 4 tokens','tokens_choice',2,2,0,4,2,1.0,1,2,0.0,0,1.0,X'0000403f0000803e0000003f0000003f0000003e0000603f0000803f00000000',X'00000000010000000100000000000000',X'0000403f0000003f0000603f0000803f',X'00000000000000000100000001000000',X'00000100',X'',X'',X'0000');
CREATE TABLE checkpoints (
  checkpoint_id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  step INTEGER NOT NULL,
  wall_secs REAL NOT NULL,
  rolling INTEGER NOT NULL,         -- 1: the next rolling one takes its place
  reason TEXT NOT NULL,
  saved_at TEXT NOT NULL,
  num_bytes INTEGER NOT NULL
);
INSERT INTO checkpoints VALUES(1,1,100,50.0,0,'asked','2026-11-22T17:03:27Z',1000);
CREATE TABLE checkpoint_parts (
  checkpoint_id INTEGER NOT NULL REFERENCES checkpoints ON DELETE CASCADE,
  part INTEGER NOT NULL,            -- from 0
  crc32 INTEGER NOT NULL,           -- zlib's
  bytes BLOB NOT NULL,              -- at most 64 MiB
  PRIMARY KEY (checkpoint_id, part)
);
INSERT INTO checkpoint_parts VALUES(1,0,290117119,X'00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d141b222930373e454c535a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe6edf4fb020910171e252c333a41484f565d646b727980878e959ca3aab1b8bfc6cdd4dbe2e9f0f7fe050c131a21282f363d444b525960676e757c838a91989fa6adb4bbc2c9d0d7dee5ecf3fa01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3dae1e8eff6fd040b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4ebf2f900070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d141b222930373e454c535a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe6edf4fb020910171e252c333a41484f565d646b727980878e959ca3aab1b8bfc6cdd4dbe2e9f0f7fe050c131a21282f363d444b525960676e757c838a91989fa6adb4bbc2c9d0d7dee5ecf3fa01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3dae1e8eff6fd040b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4ebf2f900070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d141b222930373e454c535a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe6edf4fb020910171e252c333a41484f565d646b727980878e959ca3aab1b8bfc6cdd4dbe2e9f0f7fe050c131a21282f363d444b525960676e757c838a91989fa6adb4bbc2c9d0d7dee5ecf3fa01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3dae1e8eff6fd040b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4ebf2f900070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d141b222930373e454c535a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe6edf4fb020910171e252c333a41484f565d646b727980878e959ca3aab1b8bfc6cdd4dbe2e9f0f7fe050c131a21282f363d444b525960676e757c838a91989fa6adb4bbc2c9d0d7dee5ecf3fa01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3dae1e8eff6fd040b121920272e353c434a51');
CREATE TABLE metric_pyramids_data (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  key_id INTEGER NOT NULL REFERENCES metric_keys_data,
  level INTEGER NOT NULL,
  bucket INTEGER NOT NULL,          -- step / buckets's width
  count INTEGER NOT NULL,           -- points, NaN and infinities included
  num_nan INTEGER NOT NULL,
  num_inf INTEGER NOT NULL,
  min REAL,                         -- of the finite values; NULL: there are none
  max REAL,
  sum REAL NOT NULL,                -- of the finite values
  PRIMARY KEY (run_id, key_id, level, bucket)
) WITHOUT ROWID;
INSERT INTO metric_pyramids_data VALUES(1,1,1,0,63,1,1,0.015873015873015872134,1.0,4.691599237039101311);
INSERT INTO metric_pyramids_data VALUES(1,1,1,1,37,0,0,0.010000000000000000208,0.015625,0.45911161393385135909);
INSERT INTO metric_pyramids_data VALUES(1,1,2,0,100,1,1,0.010000000000000000208,1.0,5.1507108509729526701);
INSERT INTO metric_pyramids_data VALUES(1,1,3,0,100,1,1,0.010000000000000000208,1.0,5.1507108509729526701);
CREATE TABLE tags (
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run_id, tag)
) WITHOUT ROWID;
CREATE TABLE edits_data (
  edit_id INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,           -- edits made, and undone, together
  made_at TEXT NOT NULL,
  run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  what TEXT NOT NULL,               -- a column of runs, or "tag"
  old_value,                        -- of that column; of a tag: its name when it was there
  new_value
);
CREATE TABLE figures (
  figure_id INTEGER PRIMARY KEY AUTOINCREMENT,
  made_at TEXT NOT NULL,
  title TEXT NOT NULL,
  spec TEXT NOT NULL,               -- JSON: kind, runs and their steps, options
  scene_hash TEXT NOT NULL,         -- of everything that it shows, numbers to the last bit
  program TEXT NOT NULL             -- the moescope that made it
);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('runs',1);
INSERT INTO sqlite_sequence VALUES('checkpoints',1);
CREATE INDEX runs_by_test_accuracy ON runs (test_accuracy);
CREATE INDEX commands_by_run ON commands (run_id, step);
CREATE INDEX evaluations_by_run ON evaluations (run_id, step);
CREATE INDEX events_by_run ON events (run_id, event_id);
CREATE INDEX notes_by_run ON notes (run_id, note_id);
CREATE INDEX routing_maps_by_run ON routing_maps (run_id, step, layer);
CREATE INDEX checkpoints_by_run ON checkpoints (run_id, step);
CREATE VIEW params (run_id, key, value) AS
  SELECT p.run_id, k.key, p.value FROM params_data p JOIN param_keys_data k USING (key_id);
CREATE VIEW metrics (run_id, key, step, wall_secs, value) AS
  SELECT m.run_id, k.key, m.step, m.wall_secs, m.value FROM metrics_data m JOIN metric_keys_data k USING (key_id);
CREATE VIEW metric_pyramids (run_id, key, level, first_step, num_steps, count, num_nan, num_inf, min, max, mean) AS
  SELECT run_id, key, level, bucket << (6 * level), 1 << (6 * level), count, num_nan, num_inf, min, max,
         CASE WHEN count > num_nan + num_inf THEN sum / (count - num_nan - num_inf) END
  FROM metric_pyramids_data JOIN metric_keys_data USING (key_id);
CREATE INDEX tags_by_tag ON tags (tag, run_id);
CREATE INDEX edits_by_run ON edits_data (run_id);
CREATE VIEW run_summaries (run_id, name, state, message, started_at, updated_at, router, dataset, step, wall_secs,
                           loss_step, loss, accuracy_step, accuracy, test_step, test_accuracy, test_loss, num_parameters,
                           gflops_per_image, num_checkpoints, starred, archived, trashed_at, tags, num_notes,
                           checkpoint_bytes) AS
  SELECT run_id, name, state, message, started_at, updated_at,
         (SELECT value FROM params_data JOIN param_keys_data USING (key_id)
           WHERE run_id = r.run_id AND key = 'router.kind'),
         (SELECT value FROM params_data JOIN param_keys_data USING (key_id)
           WHERE run_id = r.run_id AND key = 'data.dataset'),
         step, wall_secs, loss_step, loss, accuracy_step, accuracy, test_step, test_accuracy, test_loss, num_parameters,
         gflops_per_image, (SELECT count(*) FROM checkpoints WHERE run_id = r.run_id AND num_bytes >= 0), starred,
         archived, trashed_at,
         (SELECT coalesce(group_concat(tag, ','), '') FROM (SELECT tag FROM tags WHERE run_id = r.run_id ORDER BY tag)),
         (SELECT count(*) FROM notes WHERE run_id = r.run_id),
         (SELECT coalesce(sum(num_bytes), 0) FROM checkpoints WHERE run_id = r.run_id AND num_bytes >= 0)
  FROM runs r;
COMMIT;
PRAGMA user_version = 6;
PRAGMA application_id = 1299137875;
